// The seam to memory: what was learned about addresses. Soft state: any of it may be wrong or lost, and the
// worst effect is more probes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "probe/log.h"
#include "probe/record.h"
#include "probe/result.h"

namespace fallbackmx {

/// Used by many threads at once. No call fails: a store in trouble says so once in the log, forgets, and
/// finds nothing.
class Store {
 public:
  virtual ~Store() = default;
  /// What was put is found at once; only as sound() has it.
  virtual std::optional<AddressRecord> find(const std::string& key) = 0;
  /// Never waits for a disk. Ignores what is not sound().
  virtual void put(const std::string& key, const AddressRecord&) = 0;
  virtual void forget(const std::string& key) = 0;
  /// The most recently accepted address of a domain (lower case), if one is remembered: a control recipient.
  virtual std::optional<std::string> recent_good(std::string_view domain) = 0;
  /// Drops what has expired and keeps within `max_rows`, now and from now on: the oldest noes go first, and
  /// yeses only when there is no no left. Returns when it is done, with everything written that was put
  /// before.
  virtual void clean_up(WallTime now, const Settings&, std::size_t max_rows) = 0;
  /// For metrics: a store that writes behind counts what is written.
  virtual std::size_t rows() = 0;
};

/// Lost at the end of the process.
std::unique_ptr<Store> make_memory_store();

/// SQLite, WAL. A file that is not a healthy database of ours is set aside (".broken-" and the time appended)
/// and a new one begun; an Error only when even that cannot be had (then use a memory store, and log the
/// sentence).
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, Log& log);

class SharedMemory;
/// What is not found in the first is looked for in the second; what is put goes to both.
std::unique_ptr<Store> share_store(std::unique_ptr<Store> own, std::unique_ptr<SharedMemory> shared);

/// By address_verify_map: `memory:`, `sqlite:PATH`, empty (memory). Never fails: falls back to memory with an
/// error in the log.
std::unique_ptr<Store> open_store(const std::string& specification, Log& log);
/// The same, shared by shared_verify_map if there is one.
std::unique_ptr<Store> open_store(const Settings& settings, Log& log);

}  // namespace fallbackmx
