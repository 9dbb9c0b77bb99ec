// The domains, their users, and whom mail is sent to.
#pragma once

#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "test/soak/users.h"

namespace fallbackmx::soak {

/// Users come and go in the domains of scripted primaries; in that of the real one there are always the same.
/// Used by all threads.
class Population {
 public:
  Population(Users& users, std::vector<std::string> scripted, std::string real, unsigned seed);

  std::vector<std::string> domains() const;
  /// A recipient for the next message: about half of them exist, a third never has, the others came or went
  /// lately.
  std::string somebody();
  /// Somebody who was never there comes, or somebody who came goes.
  void change_somebody();
  long changes() const;

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  Users& users_;
  const std::vector<std::string> scripted_;
  const std::string real_;
  mutable std::mutex mutex_;  ///< protects what follows
  std::mt19937 random_;
  std::deque<std::string> recent_{};  ///< came or went
  long changes_ = 0, strangers_ = 0;
};

}  // namespace fallbackmx::soak
