#include "probe/store/verify_readers.h"

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
  const SteadyTime now = clock_.now();
  if (!all_hang(now)) {
    const auto question = std::make_shared<Question>();
    question->query = std::move(query);
    {
      const std::lock_guard lock(mutex_);
      questions_.push_back(question);
    }
    work_.notify_one();
    std::unique_lock lock(question->mutex);
    if (question->done.wait_until(lock, now + patience, [&] { return question->answered; }))
      return question->well;
    lock.unlock();
    const std::lock_guard all(mutex_);
    std::erase(questions_, question);
  }
  tell_({.why = "too slow to read: nothing is remembered"});
  return false;
}

bool VerifyReaders::all_hang(SteadyTime now) const {
  return std::all_of(hurried_.begin(), hurried_.end(), [&](const Reader& reader) {
    const SteadyTime since = reader.busy_since;
    return since < now && now - since >= patience;
  });
}

/// The thread of one connection.
void VerifyReaders::serve(Reader& reader) {
  while (const auto question = next_question()) {
    reader.busy_since = clock_.now();
    bool well = false;
    try {
      well = run(reader, question->query);
    } catch (const std::exception&) {  // no memory for telling
    }
    reader.busy_since = SteadyTime::max();
    {
      const std::lock_guard lock(question->mutex);
      question->well = well;
      question->answered = true;
    }
    question->done.notify_one();
  }
}

/// Null when it is time to stop.
std::shared_ptr<VerifyReaders::Question> VerifyReaders::next_question() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
  if (stopping_) return nullptr;
  auto question = std::move(questions_.front());
  questions_.pop_front();
  return question;
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
