#include "probe/record.h"

#include <algorithm>

namespace fallbackmx {

namespace {

/// Whole seconds: nanoseconds overflow at the longest times that can be configured.
Seconds age(WallTime then, WallTime now) {
  using std::chrono::floor;
  return std::max(floor<Seconds>(now.time_since_epoch()) - floor<Seconds>(then.time_since_epoch()),
                  Seconds(0));
}

}  // namespace

// Postfix's verify(8): a result counts until it is older than the expiry time, and is due when it is older
// than the refresh time.
Standing standing(const AddressRecord& record, WallTime now, const Settings& settings) {
  if (record.verdict == Verdict::deliverable) {
    if (age(record.last_yes, now) > settings.address_verify_positive_expire_time) return {};
    return {.remembered = Remembered::yes,
            .serve = true,
            .refresh = age(record.asked, now) > settings.address_verify_positive_refresh_time};
  }
  if (record.verdict == Verdict::undeliverable) {
    if (age(record.asked, now) > settings.address_verify_negative_expire_time) return {};
    return {.remembered = Remembered::no,
            .serve = settings.address_verify_negative_cache,
            .refresh = age(record.asked, now) > settings.address_verify_negative_refresh_time};
  }
  return {};
}

}  // namespace fallbackmx
