// What several fallback MXs know together, in one Redis.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "probe/base/log.h"
#include "probe/base/patient_mutex.h"
#include "probe/store/pending_changes.h"
#include "probe/store/record.h"
#include "probe/store/redis_connection.h"
#include "probe/store/shared_notes.h"

namespace fallbackmx {

/// Used by many threads at once; nobody waits for Redis longer than patience. After one disappointment it is
/// left alone, and everybody is told "nothing" at once, until a thread of our own has found it well again.
/// Writes wait in memory (bounded) for that thread. Soft state on both sides: whatever Redis answers, only
/// what reads as a line of ours about that very address is believed.
///
/// Keys are `PREFIXv1:ADDRESS`, values a VerifyLine, gone when a record of its kind expires; and those of
/// SharedNotes, behind the same prefix (an address has no colon but in quotes). A later version that needs
/// other values takes other keys, so that two versions can share one Redis.
class SharedMemory {
 public:
  struct Options {
    RedisServer server;
    std::string prefix = "fallbackmx:";
    std::string we{};  ///< who says what we say, for the log of others
    Seconds yes_lifetime{}, no_lifetime{};
    std::chrono::milliseconds retry{1000};  ///< the first pause before it is looked at again; they double
    std::chrono::milliseconds look{1000};   ///< between two looks at what others say
  };
  static constexpr std::chrono::milliseconds patience{50};

  /// Returns at once; it is used as soon as it is found well.
  SharedMemory(Options options, Log& log);
  /// What waits is written, if that can be done in a second.
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::optional<AddressRecord> find(const std::string& key);
  void put(const std::string& key, const AddressRecord& record);
  void forget(const std::string& key);
  /// The recipient of a domain that anybody was told last to exist. Only a suggestion whom to ask for.
  std::optional<std::string> recent_good(std::string_view domain);
  /// As in Store.
  void tell(const std::string& server, const ServerWord& word, Seconds lifetime);
  std::optional<ServerWord> heard(const std::string& server);
  /// Waits until all is written that was put before, or the deadline; false then.
  bool flush(SteadyTime deadline);

 private:
  void change(const std::string& key, std::optional<AddressRecord> to);
  void serve();
  bool knock();
  std::optional<std::string> get(const std::string& key);
  bool write(const PendingChanges::Changes& changes);
  bool write(const std::vector<std::string>& command);
  bool exchange_notes();
  std::string name(const std::string& key) const { return options_.prefix + "v1:" + key; }
  void disappointed(const std::string& why);

  const Options options_;
  Log& log_;
  SharedNotes notes_;

  PatientMutex reading_;                   ///< guards reader_
  std::optional<RedisConnection> reader_;  ///< none while it is in trouble

  std::mutex mutex_;  ///< guards the rest, briefly
  std::condition_variable work_, written_;
  PendingChanges pending_;
  bool trouble_ = true;  ///< not known to be well
  bool said_ = false;    ///< and the log knows
  bool writing_ = false, stopping_ = false;

  std::atomic<SteadyTime> give_up_at_ = SteadyTime::max();

  // The thread's own.
  std::optional<RedisConnection> writer_;
  bool refused_ = false;  ///< it answered the last write with an error
  std::thread thread_;
};

}  // namespace fallbackmx
