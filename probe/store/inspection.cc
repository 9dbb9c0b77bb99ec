#include "probe/store/inspection.h"

#include <exception>
#include <utility>

namespace fallbackmx {

Inspection::Inspection(AddressTable table, Reports reports)
    : table_(std::move(table)), reports_(std::move(reports)) {
  // Here and not in the thread: what is written from now on is to be counted by who writes it.
  table_.begin_reading(stop_);
  thread_ = std::thread([this] {
    try {
      look_over();
    } catch (const std::exception&) {  // out of memory: it is looked over at the next start
    }
    // Whoever reads keeps the log from being begun anew, and it would grow for as long as we live.
    table_.roll_back();
  });
}

void Inspection::look_over() {
  reports_.counted(table_.each_id(reports_.seen));
  if (stop_) return;
  const std::string trouble = table_.look_over();
  // SQLite was content to read it, and what it found there is the trouble; or it could not even read it.
  const auto health = table_.health();
  if (!trouble.empty() &&
      (health == SqliteConnection::Health::good || health == SqliteConnection::Health::damaged))
    reports_.damaged(trouble);
}

Inspection::~Inspection() {
  stop_ = true;
  thread_.join();
}

}  // namespace fallbackmx
