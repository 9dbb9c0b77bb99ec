#include "probe/inspection.h"

#include <utility>

namespace fallbackmx {

Inspection::Inspection(AddressTable table, std::function<void(std::size_t)> counted,
                       std::function<void(const std::string&)> damaged)
    : table_(std::move(table)) {
  // Here and not in the thread: what is written from now on is to be counted by who writes it.
  table_.begin_reading(stop_);
  thread_ = std::thread([this, tell_count = std::move(counted), tell_damage = std::move(damaged)] {
    tell_count(table_.count());
    if (stop_) return;
    const std::string trouble = table_.look_over();
    // SQLite was content to read it, and what it found there is the trouble; or it could not even read it.
    const auto health = table_.health();
    // Whoever reads keeps the log from being begun anew, and it would grow for as long as we live.
    table_.roll_back();
    if (!trouble.empty() &&
        (health == SqliteConnection::Health::good || health == SqliteConnection::Health::damaged))
      tell_damage(trouble);
  });
}

Inspection::~Inspection() {
  stop_ = true;
  thread_.join();
}

}  // namespace fallbackmx
