// Who exists, and since when: the truth that answers are judged by.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "test/soak/wire.h"

namespace fallbackmx::soak {

/// What may be said about a recipient to who asked within a time.
enum class Standing {
  exists,  ///< all the time, and for a while before: a probe that was under way when he came may still say no
  never,   ///< has never existed
  changing,  ///< came or went: either answer is right
};

/// Of all domains. Used by all threads.
class Users {
 public:
  void create(const std::string& address, Time now);
  /// Who was there stays known as one who was.
  void remove(const std::string& address, Time now);

  bool exists(const std::string& address) const;
  Standing standing(const std::string& address, Time from, Time to) const;

 private:
  struct Life {
    Time born;
    std::optional<Time> died;
  };
  mutable std::mutex mutex_;  ///< protects what follows
  std::map<std::string, Life> lives_;
};

}  // namespace fallbackmx::soak
