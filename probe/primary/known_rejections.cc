#include "probe/primary/known_rejections.h"

namespace fallbackmx {

void KnownRejections::refused(const std::string& key, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  entries_.touch(key).refused_at = now;
}

bool KnownRejections::proven(const std::string& key, std::uint64_t session, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.touch(key);
  entry.refused_at = now;
  if (!entry.proven_at || now - *entry.proven_at > lifetime) {
    entry.proven_at = now;
    entry.session = session;
    return false;
  }
  return entry.session != session && now - *entry.proven_at >= proof_distance;
}

void KnownRejections::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(key);
}

bool KnownRejections::contains(const std::string& key, SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  const Entry* entry = entries_.find(key);
  return entry != nullptr && now - entry->refused_at <= lifetime;
}

}  // namespace fallbackmx
