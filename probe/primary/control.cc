#include "probe/primary/control.h"

#include <utility>

namespace fallbackmx {

void Control::accepted(const ControlKey& key, SteadyTime now) { last_yes_.touch(key) = now; }

void Control::refused(const ControlKey& key) { last_yes_.erase(key); }

bool Control::alarmed(const std::string& server, const std::string& domain) {
  return !std::exchange(alarms_.touch({server, domain}), true);
}

bool Control::well_again(const std::string& server, const std::string& domain) {
  const bool was = alarms_.size() > 0 && alarms_.find({server, domain}) != nullptr;
  if (was) alarms_.erase({server, domain});
  return was;
}

bool Control::proven(const ControlKey& key, SteadyTime now, std::chrono::seconds lifetime) const {
  const SteadyTime* last_yes = last_yes_.find(key);
  return last_yes != nullptr && now - *last_yes <= lifetime;
}

}  // namespace fallbackmx
