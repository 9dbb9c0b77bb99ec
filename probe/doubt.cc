#include "probe/doubt.h"

#include <algorithm>

namespace fallbackmx {

std::optional<Address> Doubt::next_control() {
  while (!controls_.empty()) {
    Address control = std::move(controls_.front());
    controls_.erase(controls_.begin());
    const bool in_doubt = std::any_of(unproven_.begin(), unproven_.end(),
                                      [&](const ProbeOutcome& no) { return no.probe->key == control.key(); });
    if (!in_doubt) return control;
  }
  return std::nullopt;
}

}  // namespace fallbackmx
