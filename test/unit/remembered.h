// Answers that a store may remember.
#pragma once

#include "probe/record.h"

namespace fallbackmx {

inline const WallTime now = WallTime(std::chrono::seconds(1'800'000'000));

inline AddressRecord yes(Seconds ago = Seconds(0)) {
  return {Verdict::deliverable, 250, "2.1.5", "ok", now - ago, now - ago};
}
inline AddressRecord no(Seconds ago = Seconds(0)) {
  return {Verdict::undeliverable, 550, "5.1.1", "no such user", now - ago, {}};
}

}  // namespace fallbackmx
