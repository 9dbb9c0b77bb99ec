#include "probe/store/record.h"

#include <algorithm>

#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

/// Whole seconds: nanoseconds overflow at the longest times that can be configured.
Seconds age(WallTime then, WallTime now) {
  using std::chrono::floor;
  return std::max(floor<Seconds>(now.time_since_epoch()) - floor<Seconds>(then.time_since_epoch()),
                  Seconds(0));
}

constexpr std::size_t words_limit = 500;
constexpr std::size_t dsn_limit = 11;  // "5.999.999" and room to see rubbish

}  // namespace

std::optional<AddressRecord> sound(AddressRecord record) {
  using std::chrono::floor;
  if (!is_final(record.verdict)) return std::nullopt;
  const bool yes = record.verdict == Verdict::deliverable;
  if (record.code / 100 != (yes ? 2 : 5) && !(yes && record.code == 0)) return std::nullopt;
  if (yes) record.hearsay = false;
  record.dsn = printable(record.dsn, dsn_limit);
  record.words = printable(record.words, words_limit);
  record.asked = floor<Seconds>(record.asked);
  record.last_yes = floor<Seconds>(record.last_yes);
  if (record.asked < WallTime() || record.last_yes < WallTime()) return std::nullopt;
  return record;
}

bool outdates(const AddressRecord& told, const AddressRecord& known) {
  if (told.asked <= known.asked) return false;
  return !told.hearsay || known.hearsay;
}

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
            .serve = settings.address_verify_negative_cache && !record.hearsay,
            .refresh = age(record.asked, now) > settings.address_verify_negative_refresh_time};
  }
  return {};
}

}  // namespace fallbackmx
