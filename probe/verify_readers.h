// The connections over which the verify database is read, by many threads at once.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>

#include "probe/address_table.h"
#include "probe/clock.h"
#include "probe/patient_mutex.h"

namespace fallbackmx {

/// A few connections for those who are in a hurry, and one for who walks through all of the file. Belongs to
/// the store, whose writer thread opens and closes them; all others only read.
class VerifyReaders {
 public:
  struct Trouble {
    std::string why;
    bool damaged = false;  ///< the file; else it may pass
    int generation = 0;    ///< of the file
  };
  /// `tell` is called on the thread that met the trouble, which holds no lock of ours.
  VerifyReaders(std::string path, std::function<void(const Trouble&)> tell)
      : path_(std::move(path)), tell_(std::move(tell)) {}

  /// How long a hurried reader waits for a connection.
  static constexpr std::chrono::milliseconds patience{100};

  /// Runs `query(AddressTable&)` on a connection that nobody uses just now; what it returns when that was no
  /// trouble, else nothing. A disk that hangs keeps those who read from it just now, and no more of our
  /// clients than there are connections; all others are told "nothing" after `patience`.
  template <class Query>
  std::invoke_result_t<Query, AddressTable&> read(Query query) {
    auto& own = hurried_[std::hash<std::thread::id>()(std::this_thread::get_id()) % hurried_.size()];
    std::unique_lock<PatientMutex> lock(own.mutex, std::try_to_lock);
    auto* reader = &own;
    for (auto other = hurried_.begin(); !lock && other != hurried_.end(); ++other) {
      lock = std::unique_lock<PatientMutex>(other->mutex, std::try_to_lock);
      if (lock) reader = &*other;
    }
    if (!lock) lock = std::unique_lock(own.mutex, clock_.now() + patience);
    if (lock) return ask(*reader, std::move(lock), query);
    tell_({.why = "too slow to read: nothing is remembered"});
    return {};
  }

  /// The same for who can wait: on the one connection for them, as soon as it is free.
  template <class Query>
  std::invoke_result_t<Query, AddressTable&> read_at_leisure(Query query) {
    return ask(leisurely_, std::unique_lock(leisurely_.mutex), query);
  }

  /// Opens the connections that are missing: descriptors may have run out the last time.
  void open(int generation);
  /// Waits for those who read just now.
  void close();

 private:
  struct Reader {
    PatientMutex mutex;
    std::optional<AddressTable> table;
    int generation = 0;
  };

  template <class Query>
  std::invoke_result_t<Query, AddressTable&> ask(Reader& reader, std::unique_lock<PatientMutex> lock,
                                                 Query& query) {
    if (!reader.table) return {};
    auto answer = query(*reader.table);
    const auto health = reader.table->health();
    if (health == SqliteConnection::Health::good) return answer;
    const Trouble trouble{.why = reader.table->why(),
                          .damaged = health == SqliteConnection::Health::damaged,
                          .generation = reader.generation};
    lock.unlock();
    tell_(trouble);
    return {};
  }

  bool open(Reader& reader, int generation);

  const std::string path_;
  const std::function<void(const Trouble&)> tell_;
  SystemClock clock_;  // a hung disk knows no other
  std::array<Reader, 4> hurried_;
  Reader leisurely_;
  bool all_open_ = false;  // the writer's own
};

}  // namespace fallbackmx
