#include "probe/store/shared_memory.h"

#include <algorithm>
#include <utility>

#include "probe/mail/address.h"
#include "probe/store/verify_text.h"

namespace fallbackmx {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::chrono::seconds connect_patience{2};
constexpr std::chrono::seconds write_patience{1};
constexpr std::chrono::milliseconds last_retry{30'000};
constexpr std::size_t keys_at_once = 200;

}  // namespace

SharedMemory::SharedMemory(Options options, Log& log)
    : options_(std::move(options)), log_(log), notes_(options_.we) {
  thread_ = std::thread([this] { serve(); });
}

SharedMemory::~SharedMemory() {
  give_up_at_ = steady_clock::now() + write_patience;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
}

std::optional<AddressRecord> SharedMemory::find(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto* change = pending_.find(key)) return *change;
  }
  const auto text = get(key);
  auto line = text ? parse_verify_line(*text) : std::nullopt;
  if (!line || line->key != key) return std::nullopt;
  return std::move(line->record);
}

std::optional<std::string> SharedMemory::recent_good(std::string_view domain) {
  auto text = get(std::string("good:").append(domain));
  if (!text) return std::nullopt;
  const auto address = Address::parse(*text);
  if (!address || address->domain() != domain || address->key() != *text) return std::nullopt;
  return text;
}

void SharedMemory::tell(const std::string& server, const ServerWord& word, Seconds lifetime) {
  notes_.tell(server, word, lifetime, steady_clock::now());
}

std::optional<ServerWord> SharedMemory::heard(const std::string& server) {
  return notes_.heard(server, steady_clock::now());
}

/// What stands there, for who waits.
std::optional<std::string> SharedMemory::get(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    if (trouble_) return std::nullopt;
  }
  const SteadyTime deadline = steady_clock::now() + patience;
  const std::unique_lock lock(reading_, deadline);
  if (!lock || !reader_) return std::nullopt;
  auto reply = reader_->ask({"GET", name(key)}, deadline);
  if (!reply) {
    reader_.reset();
    disappointed(reply.error());
    return std::nullopt;
  }
  if (reply->kind != RedisConnection::Reply::Kind::text) return std::nullopt;
  return std::move(reply->text);
}

void SharedMemory::put(const std::string& key, const AddressRecord& record) {
  change(key, record);
  if (record.verdict == Verdict::deliverable)
    notes_.tell_good(domain_of_key(key), key, options_.yes_lifetime, steady_clock::now());
}
void SharedMemory::forget(const std::string& key) { change(key, std::nullopt); }

void SharedMemory::change(const std::string& key, std::optional<AddressRecord> to) {
  {
    const std::lock_guard lock(mutex_);
    if (!pending_.add(key, std::move(to))) return;  // too many wait already
  }
  work_.notify_one();
}

bool SharedMemory::flush(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  return written_.wait_until(lock, deadline, [this] { return pending_.empty() && !writing_ && !trouble_; });
}

/// Its thread: knocks while there is trouble, else writes what waits, and looks now and then at what others
/// say.
void SharedMemory::serve() {
  auto pause = 0ms;
  SteadyTime well_since{}, next_look{};
  std::unique_lock lock(mutex_);
  while (!stopping_ || (!trouble_ && !pending_.empty())) {
    if (trouble_) {
      // One that is well and ill by turns costs its 50 ms ever more seldom.
      if (steady_clock::now() - well_since > last_retry && well_since != SteadyTime()) pause = options_.retry;
      if (work_.wait_for(lock, pause, [this] { return stopping_; })) break;
      pause = std::clamp(pause * 2, options_.retry, last_retry);
      lock.unlock();
      const bool well = knock();
      lock.lock();
      if (!well) continue;
      trouble_ = said_ = false;
      well_since = steady_clock::now();
      continue;
    }
    if (steady_clock::now() >= next_look) {
      lock.unlock();
      const bool done = exchange_notes();
      lock.lock();
      if (!done) trouble_ = true;
      next_look = steady_clock::now() + options_.look;
      continue;
    }
    if (pending_.empty()) {
      written_.notify_all();
      work_.wait_until(lock, next_look, [this] { return stopping_ || trouble_ || !pending_.empty(); });
      continue;
    }
    const PendingChanges::Changes& changes = pending_.take();
    writing_ = true;
    lock.unlock();
    const bool done = write(changes);
    lock.lock();
    writing_ = false;
    if (!done) {
      trouble_ = true;
      pending_.give_back();
    }
    (void)pending_.written();
  }
}

/// Only a Redis that is as quick as a client needs it counts as well.
bool SharedMemory::knock() {
  const auto open = [this]() -> std::optional<RedisConnection> {
    auto opened = RedisConnection::open(options_.server, steady_clock::now() + connect_patience);
    if (!opened) {
      disappointed(opened.error());
      return std::nullopt;
    }
    const auto reply = opened->ask({"GET", name("")}, steady_clock::now() + patience);
    if (reply && reply->kind != RedisConnection::Reply::Kind::error) return *std::move(opened);
    disappointed(reply ? reply->text : reply.error());
    return std::nullopt;
  };
  writer_ = open();
  auto reader = writer_ ? open() : std::nullopt;
  if (!reader) return false;
  log_.info(options_.server.text() + ": verdicts are shared");
  const std::lock_guard lock(reading_);
  reader_ = std::move(reader);
  return true;
}

bool SharedMemory::write(const PendingChanges::Changes& changes) {
  for (const auto& [key, record] : changes) {
    std::vector<std::string> command{"DEL", name(key)};
    if (record) {
      const bool yes = record->verdict == Verdict::deliverable;
      const auto lifetime = yes ? options_.yes_lifetime : options_.no_lifetime;
      command = {"SET", name(key), to_text({key, *record}), "EX", std::to_string(lifetime.count())};
    }
    if (!write(command)) return false;
  }
  return true;
}

/// What an error kept from being written is not missed: a Redis that is full is still good to read from.
bool SharedMemory::write(const std::vector<std::string>& command) {
  const auto reply =
      writer_->ask(command, std::min(steady_clock::now() + write_patience, give_up_at_.load()));
  if (!reply) {
    disappointed(reply.error());
    return false;
  }
  const bool refused = reply->kind == RedisConnection::Reply::Kind::error;
  if (!std::exchange(refused_, refused) && refused)
    log_.error(options_.server.text() + ": does not take what we write: " + reply->text);
  return true;
}

bool SharedMemory::exchange_notes() {
  for (const auto& note : notes_.take()) {
    std::vector<std::string> command{"DEL", name(note.key)};
    if (!note.text.empty())
      command = {"SET", name(note.key), note.text, "EX", std::to_string(note.lifetime.count())};
    if (!write(command)) return false;
  }
  const auto wanted = notes_.wanted();
  for (std::size_t from = 0; from < wanted.size(); from += keys_at_once) {
    const std::vector<std::string> keys(
        wanted.begin() + static_cast<std::ptrdiff_t>(from),
        wanted.begin() + static_cast<std::ptrdiff_t>(std::min(from + keys_at_once, wanted.size())));
    std::vector<std::string> command{"MGET"};
    for (const auto& key : keys) command.push_back(name(key));
    const auto reply =
        writer_->ask(command, std::min(steady_clock::now() + write_patience, give_up_at_.load()));
    if (!reply) {
      disappointed(reply.error());
      return false;
    }
    notes_.read(keys, reply->list, steady_clock::now());
  }
  return true;
}

void SharedMemory::disappointed(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    trouble_ = true;
    if (std::exchange(said_, true)) return;
  }
  work_.notify_one();
  log_.error(options_.server.text() + ": " + why + "; left alone until it is well again");
}

}  // namespace fallbackmx
