#include "milter/control/json.h"

#include <array>
#include <ctime>

namespace fallbackmx {

Json json_time(WallTime time) {
  if (time == WallTime()) return nullptr;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace fallbackmx
