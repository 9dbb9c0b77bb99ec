#include "test/soak/population.h"

namespace fallbackmx::soak {
namespace {

constexpr std::size_t users_each = 40, ghosts_each = 20, recent_most = 30;

}  // namespace

Population::Population(Users& users, std::vector<std::string> scripted, std::string real, unsigned seed)
    : users_(users), scripted_(std::move(scripted)), real_(std::move(real)), random_(seed) {
  const Time always = Clock::now() - std::chrono::hours(1);
  for (const auto& domain : scripted_) {
    for (std::size_t i = 0; i < users_each; ++i)
      users_.create("user" + std::to_string(i) + "@" + domain, always);
  }
  for (const char* name : {"user", "second", "new"}) users_.create(std::string(name) + "@" + real_, always);
}

std::vector<std::string> Population::domains() const {
  auto all = scripted_;
  all.push_back(real_);
  return all;
}

std::string Population::somebody() {
  const std::lock_guard lock(mutex_);
  const std::size_t kind = below(100), place = below(scripted_.size() + 1);
  const bool real = place == scripted_.size();
  const std::string& domain = real ? real_ : scripted_[place];
  if (kind < 20 && !recent_.empty()) return recent_[below(recent_.size())];
  if (kind < 35) return "ghost" + std::to_string(below(ghosts_each)) + "@" + domain;
  if (kind < 52) return "stranger" + std::to_string(++strangers_) + "@" + domain;
  static const char* const real_users[] = {"user@", "second@", "new@"};
  if (real) return real_users[below(3)] + real_;
  return "user" + std::to_string(below(users_each)) + "@" + domain;
}

void Population::change_somebody() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  if (recent_.size() > 5 && below(3) == 0) {
    users_.remove(recent_[below(recent_.size())], Clock::now());
    return;
  }
  // Asked about before he came: some of them are remembered as unknown.
  recent_.push_back("newcomer" + std::to_string(changes_) + "@" + scripted_[below(scripted_.size())]);
  if (recent_.size() > 3) users_.create(recent_[recent_.size() - 3], Clock::now());
  if (recent_.size() > recent_most) recent_.pop_front();
}

long Population::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

}  // namespace fallbackmx::soak
