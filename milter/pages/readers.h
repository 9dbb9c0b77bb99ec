// The threads that serve whoever reads a page.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace fallbackmx {

/// A few threads, made before anybody is served. Connections are taken by the one thread that accepts them.
/// Without memory nobody is lost: a connection that nobody can serve is closed, and the threads go on.
class Readers {
 public:
  /// Throws std::system_error or std::bad_alloc when they cannot be made.
  explicit Readers(std::size_t many);
  /// Serves whoever has been taken, first.
  ~Readers() { end(); }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  struct Connection {
    int descriptor = -1;
    std::function<void()> serve_and_close;  ///< what it throws has not come as far as to close it
  };
  /// Lets it wait for a thread; or serves it at once, where there is no memory to let it wait.
  void take(Connection connection);
  /// When all that were taken are served. No more may be taken.
  void end() noexcept;

 private:
  void work() noexcept;
  static void serve(const Connection& connection) noexcept;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::list<Connection> waiting_;
  bool ending_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace fallbackmx
