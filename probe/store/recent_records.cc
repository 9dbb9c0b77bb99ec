#include "probe/store/recent_records.h"

namespace fallbackmx {

void RecentRecords::set(const std::string& key, std::optional<AddressRecord> known) {
  ++additions_;
  try {
    records_.touch(key) = std::move(known);
  } catch (...) {
    clear();
    throw;
  }
}

void RecentRecords::learn(const std::string& key, std::optional<AddressRecord> known, Moment began) {
  if (additions_ - began < most_ && !records_.find(key)) set(key, std::move(known));
}

void RecentRecords::clear() {
  records_.clear();
  additions_ += most_;
}

}  // namespace fallbackmx
