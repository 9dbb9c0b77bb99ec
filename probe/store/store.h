// The seam to memory: what was learned about addresses. Soft state: any of it may be wrong or lost, and the
// worst effect is more probes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/log.h"
#include "probe/base/result.h"
#include "probe/store/record.h"
#include "probe/store/shared_notes.h"
#include "probe/store/verify_text.h"

namespace fallbackmx {

/// What a walk through a store is after, and how far it has come. A value.
struct Walk {
  std::string after{};               ///< the `next` of the page before; empty: from the beginning
  std::size_t limit = 500;           ///< lines of a page; never more than 1,000
  std::string domain{};              ///< lower case; empty: all of them
  std::optional<Verdict> verdict{};  ///< only yeses, or only noes

  bool wants(std::string_view key, Verdict its) const;
  std::size_t most_lines() const;
};

struct Page {
  std::vector<VerifyLine> lines;
  /// Where the next page begins; nothing after the last one. Few lines and a next page: long ways lie
  /// between what was wanted.
  std::optional<std::string> next;
};

/// What is known of an address; no record is an answer, too, and other than none.
struct Known {
  std::optional<AddressRecord> record;
};

/// A line of text that only who wrote it understands: the last answers of the DNS, what was learned of
/// servers. A value.
struct Note {
  std::string key, value;
  WallTime written;
};

/// Longer keys are not kept.
inline constexpr std::size_t key_limit = 512;
/// Nor are longer notes, or more of them.
inline constexpr std::size_t longest_note = 50'000, most_notes = 50'000;

/// Used by many threads at once. No call fails: a store in trouble says so once in the log, forgets, and
/// finds nothing.
class Store {
 public:
  virtual ~Store() = default;
  /// What find() would say, if it can say that without waiting for a disk or another machine.
  virtual std::optional<Known> at_hand(const std::string& key);
  /// What was put is found at once; only as sound() has it.
  virtual std::optional<AddressRecord> find(const std::string& key) = 0;
  /// Never waits for a disk. Ignores what is not sound().
  virtual void put(const std::string& key, const AddressRecord&) = 0;
  virtual void forget(const std::string& key) = 0;
  /// The most recently accepted address of a domain (lower case) but these, if one is remembered: a control
  /// recipient.
  virtual std::optional<std::string> recent_good(std::string_view domain,
                                                 const std::set<std::string>& except) = 0;
  std::optional<std::string> recent_good(std::string_view domain) { return recent_good(domain, {}); }
  /// Drops what has expired and keeps within `max_rows`, now and from now on: the oldest noes go first, and
  /// yeses only when there is no no left. Returns when it is done, with everything written that was put
  /// before.
  virtual void clean_up(WallTime now, const Settings&, std::size_t max_rows) = 0;
  /// A page of what is remembered, expired or not: every row once, in an order of the store's own (in order
  /// of their names would cost SQLite an index as large as all names). May wait for a disk, and keeps no
  /// find() and no put() waiting. What was put in the last moment, or while one walks, may be missing.
  virtual Page walk(const Walk&) = 0;
  /// What others are to know about a server (Endpoint::key()) for so long; and what they say. Never waits. A
  /// store that is not shared tells nobody, and hears nothing.
  virtual void tell(const std::string& server, const ServerWord&, Seconds lifetime);
  virtual std::optional<ServerWord> heard(const std::string& server);
  /// Keeps a note across restarts, in place of the one with the same key; without a value there is none any
  /// more. Never waits for a disk. clean_up() drops those that are older than stale_answer_time, and a day.
  /// What is not written into a file forgets them.
  virtual void note(const std::string& key, std::optional<std::string> value, WallTime now);
  /// The latest notes, `most` at most. May wait for a disk. Any byte of them may be wrong.
  virtual std::vector<Note> notes(std::size_t most);
  /// For metrics: a store that writes behind counts what is written.
  virtual std::size_t rows() = 0;
  /// How often what was there could not be used, and was put out of the way.
  virtual std::size_t files_set_aside() const { return 0; }
};

/// Lost at the end of the process.
std::unique_ptr<Store> make_memory_store();

/// SQLite, WAL. A file that is not a healthy database of ours is set aside (".broken-" and the time appended)
/// and a new one begun; an Error only when even that cannot be had (then use a memory store, and log the
/// sentence).
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, Log& log);

class SharedMemory;
/// What is not found in the first is looked for in the second; what is put goes to both. No verdict of others
/// becomes a 5xx of ours: their noes are hearsay, and of their proofs we take no more than the recipient to
/// ask for, for a primary may talk with them and not with us.
std::unique_ptr<Store> share_store(std::unique_ptr<Store> own, std::unique_ptr<SharedMemory> shared);

/// By address_verify_map: `memory:`, `sqlite:PATH`, empty (memory). Never fails: falls back to memory with an
/// error in the log.
std::unique_ptr<Store> open_store(const std::string& specification, Log& log);
/// The same, shared by shared_verify_map if there is one.
std::unique_ptr<Store> open_store(const Settings& settings, Log& log);

}  // namespace fallbackmx
