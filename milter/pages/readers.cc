#include "milter/pages/readers.h"

#include <unistd.h>

#include <exception>
#include <utility>

namespace fallbackmx {

Readers::Readers(std::size_t many) {
  threads_.reserve(many);
  try {
    while (threads_.size() < many) threads_.emplace_back([this] { work(); });
  } catch (const std::exception&) {
    end();
    throw;
  }
}

void Readers::take(Connection connection) {
  try {
    std::list<Connection> one;
    one.push_back(connection);
    const std::lock_guard lock(mutex_);
    waiting_.splice(waiting_.end(), one);
  } catch (const std::exception&) {
    return serve(connection);
  }
  changed_.notify_one();
}

void Readers::work() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto connection = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    serve(connection);
    lock.lock();
  }
}

void Readers::serve(const Connection& connection) noexcept {
  try {
    connection.serve_and_close();
  } catch (const std::exception&) {  // out of memory
    close(connection.descriptor);
  }
}

void Readers::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace fallbackmx
