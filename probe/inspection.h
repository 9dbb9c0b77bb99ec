// A verify database looked over behind its start, while it already serves.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>

#include "probe/address_table.h"

namespace fallbackmx {

/// Reading all of a large file takes seconds, on a slow disk minutes, and nobody shall wait for it: a row
/// that is read is looked at with care anyway. Its own thread over its own connection, which sees the file as
/// it was when the inspection began.
class Inspection {
 public:
  /// `counted` is called once, with how many rows there were at the beginning (0 when they cannot be
  /// counted). `damaged` is called when the file proves damaged, with a sentence. Both on the inspection's
  /// thread.
  Inspection(AddressTable table, std::function<void(std::size_t)> counted,
             std::function<void(const std::string&)> damaged);
  /// Breaks it off, if it is not done, and waits for the thread.
  ~Inspection();
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

 private:
  void look_over(const std::function<void(std::size_t)>& tell_count,
                 const std::function<void(const std::string&)>& tell_damage);

  std::atomic<bool> stop_ = false;
  AddressTable table_;
  std::thread thread_;
};

}  // namespace fallbackmx
