#include "probe/store/pending_changes.h"

#include <utility>

namespace fallbackmx {

namespace {

constexpr std::size_t waiting_limit = 50'000;

}  // namespace

bool PendingChanges::add(const std::string& key, std::optional<AddressRecord> record) {
  if (waiting_.size() >= waiting_limit && !waiting_.contains(key)) return false;
  waiting_.insert_or_assign(key, std::move(record));
  return true;
}

const std::optional<AddressRecord>* PendingChanges::find(const std::string& key) const {
  for (const auto* changes : {&waiting_, &taken_}) {
    if (const auto change = changes->find(key); change != changes->end()) return &change->second;
  }
  return nullptr;
}

PendingChanges::OfDomain PendingChanges::of_domain(std::string_view domain,
                                                   const std::set<std::string>& except) const {
  OfDomain all;
  for (const auto* changes : {&waiting_, &taken_}) {
    for (const auto& [key, record] : *changes) {
      // What waits is newer than what is being written.
      if (domain_of_key(key) != domain || !all.keys.insert(key).second) continue;
      if (!record || record->verdict != Verdict::deliverable || except.contains(key)) continue;
      if (!all.best.empty() && record->last_yes <= all.last_yes) continue;
      all.best = key;
      all.last_yes = record->last_yes;
    }
  }
  return all;
}

const PendingChanges::Changes& PendingChanges::take() {
  taken_.swap(waiting_);
  return taken_;
}

void PendingChanges::give_back() { waiting_.merge(taken_); }

PendingChanges::Changes PendingChanges::written() { return std::exchange(taken_, {}); }

std::string_view domain_of_key(std::string_view key) {
  const auto at = key.rfind('@');
  return at == std::string_view::npos ? std::string_view() : key.substr(at + 1);
}

}  // namespace fallbackmx
