// How the primaries are: for the status page, metrics and the operator's command.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/primary/health.h"

namespace fallbackmx {

/// One server of a primary, at one address, as it was at one moment. A value. `trouble` and `alarm` have
/// words of the server's in them, printable.
struct PrimaryState {
  std::string server;    ///< `mx1.example.org[192.0.2.1]:25`
  std::string key;       ///< `192.0.2.1:25`: what its health is kept for
  std::string next_hop;  ///< the first one that led here
  Health::State state = Health::State::up;
  bool disabled = false;                  ///< by an operator; counts as down
  WallTime since{};                       ///< when the state began, or we first heard of the server
  std::optional<WallTime> last_trial{};   ///< of one that is down, and so the next
  std::optional<WallTime> next_trial{};   ///< of one that is down, and not disabled
  Health::Cost cost{};                    ///< since it is not up
  std::string trouble{};                  ///< why it was last found to be unwell; empty when it is up
  std::size_t sessions = 0, opening = 0;  ///< SMTP sessions that stand, and that are being set up
  std::optional<std::chrono::milliseconds> round_trip{};  ///< from a question to its reply, smoothed
  std::string_view tls{};                         ///< level that the last session reached; empty: none yet
  std::optional<WallTime> last_reply{};           ///< about a recipient
  std::optional<WallTime> last_yes{};             ///< when it last accepted one: its noes count
  std::string alarm{};                            ///< what an administrator was told, until it says yes
  std::vector<std::string> accepts_everything{};  ///< domains
};

/// One entry for each server, by name: several destinations may have the same one, with other demands.
std::vector<PrimaryState> merged(std::vector<PrimaryState>);

}  // namespace fallbackmx
