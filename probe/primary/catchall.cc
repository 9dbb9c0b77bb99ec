#include "probe/primary/catchall.h"

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <utility>

namespace fallbackmx {

bool Catchall::claim(const std::string& server, const std::string& domain, SteadyTime now,
                     std::chrono::seconds lifetime) {
  const Entry* known = entries_.find({server, domain});
  if (known && now - known->claimed <= lifetime) return false;
  entries_.touch({server, domain}).claimed = now;
  return true;
}

bool Catchall::learned(const std::string& server, const std::string& domain, bool accepts_everything,
                       SteadyTime now) {
  Entry* entry = entries_.find({server, domain});
  if (!entry) return false;
  entry->learned = now;
  return std::exchange(entry->everything, accepts_everything) != accepts_everything;
}

bool Catchall::accepts_everything(const std::string& server, const std::string& domain, SteadyTime now,
                                  std::chrono::seconds lifetime) const {
  const Entry* entry = entries_.find({server, domain});
  return entry && entry->everything && now - entry->learned <= lifetime;
}

std::map<std::string, std::vector<std::string>> Catchall::domains(SteadyTime now,
                                                                  std::chrono::seconds lifetime) const {
  std::map<std::string, std::vector<std::string>> all;
  entries_.each([&](const auto& key, const Entry& entry) {
    if (entry.everything && now - entry.learned <= lifetime) all[key.first].push_back(key.second);
  });
  return all;
}

std::string impossible_local_part() {
  std::random_device device;
  const auto number = (static_cast<std::uint64_t>(device()) << 32) | device();
  return fmt::format("fallbackmx-test-{:016x}", number);
}

}  // namespace fallbackmx
