#include "probe/store/verify_writer.h"

#include <algorithm>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr std::size_t default_rows = 1'000'000;  // about 200 MB, until somebody says otherwise
constexpr std::size_t cleaning_batch = 500;
/// In one life of the process: a bad disk shall not be filled with broken files.
constexpr int most_damages = 3;

}  // namespace

VerifyWriter::VerifyWriter(std::string path, VerifyFile file, VerifyReaders& readers, Log& log,
                           Reports reports)
    : path_(std::move(path)),
      readers_(readers),
      log_(log),
      reports_(std::move(reports)),
      max_rows_(default_rows) {
  adopt(std::move(file));
}

std::size_t VerifyWriter::rows() const { return static_cast<std::size_t>(std::max<std::int64_t>(0, rows_)); }

bool VerifyWriter::write(const PendingChanges::Changes& changes, const Notes& notes,
                         const std::optional<Cleaning>& cleaning, const std::string& damage) {
  std::string_view why;
  try {
    look_after_file(damage);
    return write_and_clean(changes, notes, cleaning);
  } catch (const std::bad_alloc&) {
    why = "out of memory";
  } catch (const std::exception&) {
    why = "out of threads";
  }
  if (table_) table_->roll_back();
  try {
    reports_.trouble(std::string(why));
  } catch (const std::exception&) {  // no memory to say it with
  }
  return true;
}

bool VerifyWriter::write_and_clean(const PendingChanges::Changes& changes, const Notes& notes,
                                   const std::optional<Cleaning>& cleaning) {
  if (cleaning) max_rows_ = cleaning->max_rows;
  if (!table_) return true;
  std::int64_t rows = rows_;
  std::int64_t dropped = 0;
  if (table_->begin() && write_changes(changes, rows) && write_notes(notes, cleaning) &&
      drop_expired(cleaning, dropped) && drop_excess(rows, changes.size(), dropped) && table_->commit()) {
    rows_ = rows + dropped;
    const bool wrote = !changes.empty() || !notes.empty() || dropped != 0;
    if (wrote && std::exchange(in_trouble_, false)) log_.warning(verify_file_name(path_) + ": written again");
    return dropped == 0;
  }
  const auto why = table_->why();
  const bool damaged = table_->health() == SqliteConnection::Health::damaged;
  table_->roll_back();
  if (damaged) {
    reports_.damaged(generation_, why);
  } else if (reports_.trouble(why + "; what is learned meanwhile may be lost")) {
    in_trouble_ = true;
  }
  return true;
}

// These return false on failure, and count up or down by how many rows there are more or fewer.

bool VerifyWriter::write_changes(const PendingChanges::Changes& changes, std::int64_t& rows) {
  return std::all_of(changes.begin(), changes.end(), [&](const auto& change) {
    const auto& [key, record] = change;
    const auto growth = record ? table_->put(key, *record) : table_->erase(key);
    rows += growth.value_or(0);
    return growth.has_value();
  });
}

/// They count as no rows.
bool VerifyWriter::write_notes(const Notes& notes, const std::optional<Cleaning>& cleaning) {
  if (cleaning && !table_->erase_notes(cleaning->notes_before, most_notes)) return false;
  return std::all_of(notes.begin(), notes.end(), [&](const auto& each) {
    const auto& [key, note] = each;
    return note ? table_->put_note(key, note->value, unix_seconds(note->written)) : table_->erase_note(key);
  });
}

bool VerifyWriter::drop_expired(const std::optional<Cleaning>& cleaning, std::int64_t& dropped) {
  if (!cleaning) return true;
  const auto growth = table_->erase_expired(cleaning->noes_before, cleaning->yeses_before, cleaning_batch);
  dropped += growth.value_or(0);
  return growth.has_value();
}

/// More go than come, but not all at once.
bool VerifyWriter::drop_excess(std::int64_t rows, std::size_t just_written, std::int64_t& dropped) {
  const auto excess = rows + dropped - static_cast<std::int64_t>(max_rows_);
  if (excess <= 0) return true;
  const auto growth =
      table_->erase_oldest(std::min(static_cast<std::size_t>(excess), just_written + cleaning_batch));
  dropped += growth.value_or(0);
  return growth.has_value();
}

/// Begins anew when the file was damaged, removed or replaced, or could not be opened the last time.
void VerifyWriter::look_after_file(const std::string& damage) {
  const bool moved = FileIdentity::of(path_) != identity_;
  if (table_ && damage.empty() && !moved) return readers_.open(generation_);
  if (damages_ >= most_damages) return;
  if (table_ && moved) log_.warning(verify_file_name(path_) + ": removed or replaced while in use");
  leave();
  const bool damaged = !damage.empty() && !moved;
  if (damaged && ++damages_ == most_damages) {
    log_.error(verify_file_name(path_) + ": " + printable(damage, 300) +
               "; damaged again and again, nothing is remembered until the next start");
    return;
  }
  auto file =
      damaged ? replace_verify_file(path_, damage, clock_, log_) : open_verify_file(path_, clock_, log_);
  if (!file) {
    reports_.trouble(file.error());
    return;
  }
  adopt(*std::move(file));
}

void VerifyWriter::leave() {
  inspection_.reset();
  table_.reset();
  readers_.close();
  rows_ = 0;
  ++generation_;
  reports_.left();
}

void VerifyWriter::adopt(VerifyFile file) {
  if (file.set_aside) ++files_set_aside_;
  table_ = std::move(file.table);
  identity_ = FileIdentity::of(path_);
  readers_.open(generation_);
  reports_.opened();
  inspect();
}

/// Behind the start, on a connection of its own.
void VerifyWriter::inspect() {
  auto opened = AddressTable::open(path_);
  try {
    if (opened.table) {
      inspection_.emplace(
          *std::move(opened.table),
          Inspection::Reports{.seen = reports_.seen,
                              .counted = reports_.counted,
                              .damaged = [this, of = generation_.load()](const std::string& why) {
                                reports_.damaged(of, why);
                              }});
      return;
    }
    reports_.trouble(opened.why_not);
  } catch (const std::system_error& trouble) {
    reports_.trouble(trouble.what());
  }
  reports_.counted(table_->each_id(reports_.seen));
}

}  // namespace fallbackmx
