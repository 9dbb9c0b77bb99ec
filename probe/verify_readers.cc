#include "probe/verify_readers.h"

namespace fallbackmx {

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
