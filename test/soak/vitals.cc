#include "test/soak/vitals.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace fallbackmx::soak {

Vitals vitals_of(pid_t process) {
  Vitals vitals{Clock::now(), process};
  const std::string directory = "/proc/" + std::to_string(process);
  std::ifstream status(directory + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) vitals.kilobytes = std::atol(line.c_str() + 6);
    if (line.starts_with("Threads:")) vitals.threads = std::atol(line.c_str() + 8);
  }
  std::error_code gone;
  std::filesystem::directory_iterator descriptors(directory + "/fd", gone), end;
  while (!gone && descriptors != end) {
    ++vitals.descriptors;
    descriptors.increment(gone);
  }
  return vitals;
}

std::string in_words(const Vitals& vitals) {
  return std::to_string(vitals.kilobytes) + " kB, " + std::to_string(vitals.descriptors) + " descriptors, " +
         std::to_string(vitals.threads) + " threads";
}

void LifeRecord::add(const Vitals& vitals) {
  if (vitals.kilobytes == 0) return;
  if (!samples_.empty() && samples_.back().process != vitals.process) samples_.clear();
  samples_.push_back(vitals);
}

std::vector<Vitals> LifeRecord::stages() const {
  if (samples_.size() < 3) return {};
  return {samples_[samples_.size() / 10], samples_[samples_.size() / 2], samples_.back()};
}

}  // namespace fallbackmx::soak
