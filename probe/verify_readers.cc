#include "probe/verify_readers.h"

#include <algorithm>
#include <exception>

namespace fallbackmx {

VerifyReaders::VerifyReaders(std::string path, std::function<void(const Trouble&)> tell)
    : path_(std::move(path)), tell_(std::move(tell)) {
  try {
    for (Reader& reader : hurried_) reader.thread = std::thread([this, &reader] { serve(reader); });
  } catch (...) {
    stop();
    throw;
  }
}

VerifyReaders::~VerifyReaders() { stop(); }

void VerifyReaders::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (Reader& reader : hurried_) {
    if (reader.thread.joinable()) reader.thread.join();
  }
}

/// True when the query has been run, and was no trouble.
bool VerifyReaders::in_time(Query query) {
  const auto question = std::make_shared<Question>();
  question->query = std::move(query);
  const SteadyTime now = clock_.now();
  std::unique_lock lock(mutex_);
  if (!all_hang(now)) {
    questions_.push_back(question);
    work_.notify_one();
    if (question->done.wait_until(lock, now + patience, [&] { return question->answered; }))
      return question->well;
    std::erase(questions_, question);
  }
  lock.unlock();
  tell_({.why = "too slow to read: nothing is remembered"});
  return false;
}

bool VerifyReaders::all_hang(SteadyTime now) const {
  return std::all_of(hurried_.begin(), hurried_.end(), [&](const Reader& reader) {
    return reader.busy_since < now && now - reader.busy_since >= patience;
  });
}

/// The thread of one connection.
void VerifyReaders::serve(Reader& reader) {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    if (stopping_) return;
    const auto question = questions_.front();
    questions_.pop_front();
    reader.busy_since = clock_.now();
    lock.unlock();
    bool well = false;
    try {
      well = run(reader, question->query);
    } catch (const std::exception&) {  // no memory for telling
    }
    lock.lock();
    reader.busy_since = SteadyTime::max();
    question->well = well;
    question->answered = true;
    question->done.notify_one();
  }
}

bool VerifyReaders::run(Reader& reader, const Query& query) {
  Trouble trouble;
  try {
    const std::lock_guard lock(reader.mutex);
    if (!reader.table) return false;
    query(*reader.table);
    const auto health = reader.table->health();
    if (health == SqliteConnection::Health::good) return true;
    trouble = {.why = reader.table->why(),
               .damaged = health == SqliteConnection::Health::damaged,
               .generation = reader.generation};
  } catch (const std::exception& exception) {
    trouble.why = exception.what();
  }
  tell_(trouble);
  return false;
}

void VerifyReaders::open(int generation) {
  if (all_open_) return;
  for (auto& reader : hurried_) {
    if (!open(reader, generation)) return;
  }
  all_open_ = open(leisurely_, generation);
}

/// Only the writer opens and closes, and so it may look without the lock.
bool VerifyReaders::open(Reader& reader, int generation) {
  if (reader.table) return true;
  auto opened = AddressTable::open(path_);
  if (!opened.table) {
    tell_({.why = opened.why_not});
    return false;
  }
  const std::lock_guard lock(reader.mutex);
  reader.table = std::move(opened.table);
  reader.generation = generation;
  return true;
}

void VerifyReaders::close() {
  const auto close = [](Reader& reader) {
    const std::lock_guard lock(reader.mutex);
    reader.table.reset();
  };
  for (auto& reader : hurried_) close(reader);
  close(leisurely_);
  all_open_ = false;
}

}  // namespace fallbackmx
