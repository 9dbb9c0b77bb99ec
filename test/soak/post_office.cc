#include "test/soak/post_office.h"

#include <cstdlib>
#include <fstream>

namespace fallbackmx::soak {

void PostOffice::delivered(long number) {
  const std::lock_guard lock(mutex_);
  ++delivered_[number];
}

void PostOffice::bounced(long number) {
  const std::lock_guard lock(mutex_);
  ++bounced_[number];
}

void PostOffice::collect(const std::filesystem::path& mailboxes) {
  std::map<long, int> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(mailboxes)) {
    // What is in tmp/ is not delivered yet.
    if (!entry.is_regular_file() || entry.path().parent_path().filename() == "tmp") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(number_field)) ++found[std::atol(line.c_str() + number_field.size())];
    }
  }
  const std::lock_guard lock(mutex_);
  collected_ = std::move(found);
}

int PostOffice::count_in(const std::map<long, int>& counts, long number) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts.find(number);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace fallbackmx::soak
