// The connections over which the verify database is read, and the threads that wait for its disk.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "probe/base/clock.h"
#include "probe/store/address_table.h"

namespace fallbackmx {

/// A few connections for those who are in a hurry, and one for who walks through all of the file. Belongs to
/// the store, whose writer thread opens and closes them; all others only read.
///
/// Nobody can leave a read that hangs in the kernel. So those in a hurry do not read: each of their
/// connections has a thread that does, and they wait for it no longer than they like to.
class VerifyReaders {
 public:
  struct Trouble {
    std::string why;
    bool damaged = false;  ///< the file; else it may pass
    int generation = 0;    ///< of the file
  };
  /// `tell` is called on the thread that met the trouble, which holds no lock of ours. Throws
  /// std::system_error when there are no threads to be had.
  VerifyReaders(std::string path, std::function<void(const Trouble&)> tell);
  /// Waits for who reads just now: not before the disk answers.
  ~VerifyReaders();
  VerifyReaders(const VerifyReaders&) = delete;
  VerifyReaders& operator=(const VerifyReaders&) = delete;

  /// How long who is in a hurry waits. Far more than a disk needs that works, and than a busy machine needs
  /// to run a thread. Once all connections have hung that long, nobody waits at all until one comes back.
  static constexpr std::chrono::milliseconds patience{500};

  /// What `query(AddressTable&)` returns on one of the connections when that was no trouble, else nothing.
  /// The query may be run when nobody waits for it any more: it owns what it needs.
  template <class Query>
  auto read(Query query) {
    using Answer = std::invoke_result_t<Query&, AddressTable&>;
    const auto answer = std::make_shared<Answer>();
    const bool well =
        in_time([answer, query = std::move(query)](AddressTable& table) mutable { *answer = query(table); });
    return well ? std::move(*answer) : Answer{};
  }

  /// The same for who can wait, on the caller's thread: on the one connection for them, as soon as it is
  /// free.
  template <class Query>
  auto read_at_leisure(Query query) {
    std::invoke_result_t<Query&, AddressTable&> answer{};
    const bool well = run(leisurely_, [&](AddressTable& table) { answer = query(table); });
    return well ? std::move(answer) : decltype(answer){};
  }

  /// Opens the connections that are missing: descriptors may have run out the last time.
  void open(int generation);
  /// Waits for those who read just now.
  void close();

 private:
  using Query = std::function<void(AddressTable&)>;

  struct Reader {
    std::mutex mutex;  ///< guards the table, and is held while it is read
    std::optional<AddressTable> table;
    int generation = 0;
    std::atomic<SteadyTime> busy_since = SteadyTime::max();
    std::thread thread;
  };
  /// Who waits for one has a lock of its own with the thread that answers it.
  struct Question {
    Query query;
    std::mutex mutex;
    std::condition_variable done;
    bool answered = false, well = false;
  };

  bool in_time(Query query);
  bool all_hang(SteadyTime now) const;
  void serve(Reader& reader);
  std::shared_ptr<Question> next_question();
  bool run(Reader& reader, const Query& query);
  bool open(Reader& reader, int generation);
  void stop();

  const std::string path_;
  const std::function<void(const Trouble&)> tell_;
  const SystemClock clock_;  // a hung disk knows no other

  std::mutex mutex_;  ///< guards the questions that no reader has, briefly; nobody is woken under it
  std::condition_variable work_;
  std::deque<std::shared_ptr<Question>> questions_;
  bool stopping_ = false;

  std::array<Reader, 4> hurried_;
  Reader leisurely_;
  bool all_open_ = false;  // the writer's own
};

}  // namespace fallbackmx
