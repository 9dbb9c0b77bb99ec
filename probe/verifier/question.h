// What the verifier is asked, and what it answers.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/mail/address.h"
#include "probe/mail/verdict.h"

namespace fallbackmx {

struct Question {
  Address recipient;
  std::string next_hop;  ///< the MTA's own, for instance {rcpt_host}; empty: the recipient's domain
  SteadyTime deadline;   ///< the answer comes by then
  std::string client{};  ///< on whose behalf, as a name for him; those who ask for much wait for others
  std::optional<TlsLevel> tls{};                   ///< instead of the one for the next hop
  std::optional<std::string> sender{};             ///< instead of address_verify_sender
  std::optional<std::chrono::seconds> patience{};  ///< instead of answer_timeout: for who sets the deadline
  /// Whom to ask: whoever knows; only the primary, because it matters whether it is up; or only memory.
  enum class Of { anybody, primary, memory } of = Of::anybody;
  /// Called by the thread that asks, before it waits for a disk, the DNS or a primary; perhaps several times,
  /// and not at all when the answer is at hand. Does not throw.
  std::function<void()> waits{};
};

/// All that is known in answer to a Question. A value.
struct Finding {
  Verdict verdict = Verdict::unavailable;
  Source source = Source::none;
  Remembered remembered = Remembered::nothing;  ///< about this address, before this probe
  bool withheld = false;                        ///< only memory was to be asked, and it gives no answer
  bool ask_once_more = false;                   ///< as ProbeResult has it
  bool stale = false;                           ///< as ProbeResult has it
  bool from_mx = true;                          ///< clients can find the primary by its MX records
  Stage stage = Stage::lookup;                  ///< where it was decided
  std::string primary{};          ///< `mx1.example.org[192.0.2.1]:25`, empty when none was reached
  std::string server{};           ///< PrimaryState::key of one that is unavailable
  int code = 0;                   ///< of the primary's reply, 0 without one
  std::string dsn{};              ///< its enhanced code, may be empty
  std::string words{};            ///< its text without the enhanced code, printable
  std::string why{};              ///< a sentence for the log: who, at which stage, what
  std::string_view tls = "none";  ///< level reached: none, may (encrypted, not authenticated), ...
};

}  // namespace fallbackmx
