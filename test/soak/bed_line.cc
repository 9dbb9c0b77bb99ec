#include "test/soak/bed_line.h"

#include <cstdlib>
#include <iostream>
#include <stdexcept>

namespace fallbackmx::soak {

void BedLine::tell(const std::string& command) {
  const std::lock_guard lock(mutex_);
  std::cout << command << std::endl;
  std::string done;
  if (!std::getline(std::cin, done)) throw std::runtime_error("the bed is gone");
  daemon_ = std::atoi(done.c_str());
}

pid_t BedLine::daemon() const {
  const std::lock_guard lock(mutex_);
  return daemon_;
}

}  // namespace fallbackmx::soak
