#include "test/soak/report.h"

#include <iostream>

namespace fallbackmx::soak {
namespace {

constexpr std::size_t shown = 50;

}  // namespace

void Report::check(const std::string& promise, const Faults& faults) {
  ++(faults.empty() ? passed_ : failed_);
  std::cerr << (faults.empty() ? "ok      " : "FAILED  ") << promise << "\n";
  for (std::size_t i = 0; i < faults.size() && i < shown; ++i) std::cerr << "        " << faults[i] << "\n";
  if (faults.size() > shown) std::cerr << "        ... " << faults.size() << " in all\n";
}

bool Report::finish() const {
  std::cerr << passed_ << " passed, " << failed_ << " failed\n";
  return failed_ == 0;
}

}  // namespace fallbackmx::soak
