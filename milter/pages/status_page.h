// The page on http_listen for people.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "milter/session/recent_verdicts.h"
#include "probe/primary/activity.h"
#include "probe/primary/primary_state.h"

namespace fallbackmx {

/// The configuration in force, and whether a reload has failed since.
struct ConfigurationState {
  bool good = true;
  WallTime read_at{};
  std::string file{};                 ///< empty: none
  std::vector<std::string> errors{};  ///< of that reload
};

/// All that the page shows. A value. Much of it is remote sides' words.
struct StatusFacts {
  std::string version, host, listens_on;
  WallTime now{}, started{};
  bool ready = false, log_only = false;
  ConfigurationState configuration{};
  std::vector<PrimaryState> primaries{};
  Activity activity{};
  std::string store{};  ///< address_verify_map
  std::size_t addresses = 0;
  std::size_t files_set_aside = 0;
  std::size_t resident_bytes = 0;  ///< 0: not known
  RecentVerdicts::Hour hour{};
  std::vector<RecentVerdicts::Entry> latest{};
};

/// Plain HTML and CSS: no script, nothing from elsewhere, readable on a phone and in the dark; a browser asks
/// for it again every ten seconds. Pure, but for the time zone.
std::string status_page(const StatusFacts&);

}  // namespace fallbackmx
