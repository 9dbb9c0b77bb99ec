// The verify database as the one who writes it has it: what goes into the file, and what is done when it
// proves damaged or is taken away.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/store/address_table.h"
#include "probe/store/inspection.h"
#include "probe/store/pending_changes.h"
#include "probe/store/verify_file.h"
#include "probe/store/verify_readers.h"

namespace fallbackmx {

/// Belongs to the store, whose writer thread calls it. The readers are opened and closed here, since they
/// read the same file.
class VerifyWriter {
 public:
  /// What the store is told, on its writer thread or on that of an inspection. No lock is held.
  struct Reports {
    /// A file is there, and its rows are being counted.
    std::function<void()> opened;
    /// A row that it had then: its id in the table.
    std::function<void(std::int64_t id)> seen;
    /// How many there were, and that all of them were seen. Nothing: they cannot be counted.
    std::function<void(std::optional<std::size_t> rows)> counted;
    /// What is wrong with the file of this generation.
    std::function<void(int generation, const std::string& why)> damaged;
    /// The file is left, and there is none until one is opened.
    std::function<void()> left;
    /// Trouble that says nothing about the file. True when it is new, and was told to the administrator.
    std::function<bool(const std::string& why)> trouble;
  };

  VerifyWriter(std::string path, VerifyFile file, VerifyReaders& readers, Log& log, Reports reports);
  VerifyWriter(const VerifyWriter&) = delete;
  VerifyWriter& operator=(const VerifyWriter&) = delete;

  struct Cleaning {
    std::int64_t noes_before = 0, yeses_before = 0;  ///< seconds since the epoch
    std::size_t max_rows = 0;                        ///< now and from now on
    std::int64_t notes_before = 0;
  };
  /// By key; no note means that there is none any more.
  using Notes = std::map<std::string, std::optional<Note>>;
  /// Writes what waits, and takes one step of cleaning up. `damage`: what is known to be wrong with the file
  /// (damaged() has said so); it is set aside before. True when nothing is left to clean. Does not throw:
  /// what there is no memory or no thread for is lost, and the next change is written again.
  bool write(const PendingChanges::Changes& changes, const Notes& notes,
             const std::optional<Cleaning>& cleaning, const std::string& damage);
  /// A file that was there has been counted.
  void add_rows(std::int64_t rows) { rows_ += rows; }

  // By any thread.

  /// Of the file: another one has another.
  int generation() const { return generation_; }
  std::size_t rows() const;
  std::size_t files_set_aside() const { return files_set_aside_; }

 private:
  bool write_and_clean(const PendingChanges::Changes& changes, const Notes& notes,
                       const std::optional<Cleaning>& cleaning);
  bool write_notes(const Notes& notes, const std::optional<Cleaning>& cleaning);
  bool write_changes(const PendingChanges::Changes& changes, std::int64_t& rows);
  bool drop_expired(const std::optional<Cleaning>& cleaning, std::int64_t& dropped);
  bool drop_excess(std::int64_t rows, std::size_t just_written, std::int64_t& dropped);
  void look_after_file(const std::string& damage);
  void leave();
  void adopt(VerifyFile file);
  void inspect();

  const std::string path_;
  VerifyReaders& readers_;
  Log& log_;
  const Reports reports_;
  const SystemClock clock_;  // for file names: what counts as expired is told by who wants it dropped

  std::atomic<int> generation_ = 0;
  /// Until they are counted: by how much those of the file have grown.
  std::atomic<std::int64_t> rows_ = 0;
  std::atomic<std::size_t> files_set_aside_ = 0;

  std::optional<AddressTable> table_;
  std::optional<Inspection> inspection_;
  FileIdentity identity_;
  std::size_t max_rows_;
  int damages_ = 0;
  bool in_trouble_ = false;  ///< and the administrator knows
};

}  // namespace fallbackmx
