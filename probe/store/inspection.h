// A verify database looked over behind its start, while it already serves.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "probe/store/address_table.h"

namespace fallbackmx {

/// Reading all of a large file takes seconds, on a slow disk minutes, and nobody shall wait for it: a row
/// that is read is looked at with care anyway. Its own thread over its own connection, which sees the file as
/// it was when the inspection began.
class Inspection {
 public:
  /// All on the inspection's thread.
  struct Reports {
    /// A row that there was at the beginning: its id in the table.
    std::function<void(std::int64_t id)> seen;
    /// Once: how many rows there were then, and that all of them were seen. Nothing: they cannot be counted.
    std::function<void(std::optional<std::size_t> rows)> counted;
    /// The file proves damaged, with a sentence.
    std::function<void(const std::string& why)> damaged;
  };
  Inspection(AddressTable table, Reports reports);
  /// Breaks it off, if it is not done, and waits for the thread.
  ~Inspection();
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

 private:
  void look_over();

  std::atomic<bool> stop_ = false;
  AddressTable table_;
  const Reports reports_;
  std::thread thread_;
};

}  // namespace fallbackmx
