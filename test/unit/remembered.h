// Answers that a store may remember.
#pragma once

#include <string>

#include "conf/parameters.h"
#include "probe/store/record.h"

namespace fallbackmx {

inline const WallTime now = WallTime(std::chrono::seconds(1'800'000'000));

inline AddressRecord yes(Seconds ago = Seconds(0)) {
  return {Verdict::deliverable, 250, "2.1.5", "ok", now - ago, now - ago};
}
inline AddressRecord no(Seconds ago = Seconds(0)) {
  return {Verdict::undeliverable, 550, "5.1.1", "no such user", now - ago, {}};
}

/// Nothing expires.
inline Settings endless() {
  Settings some;
  some.address_verify_positive_expire_time = some.address_verify_negative_expire_time =
      std::chrono::hours(1'000'000);
  return some;
}

/// In one of seven domains.
inline std::string user(unsigned i) {
  return "u" + std::to_string(i) + "@d" + std::to_string(i % 7) + ".example";
}

}  // namespace fallbackmx
