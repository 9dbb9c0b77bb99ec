// The file behind the SQLite store: opened, or set aside and begun anew; and whether it still is where it
// was.
#pragma once

#include <sys/types.h>

#include <string>

#include "probe/address_table.h"
#include "probe/clock.h"
#include "probe/log.h"
#include "probe/result.h"

namespace fallbackmx {

/// `verify database PATH`, printable: how sentences about it begin.
std::string verify_file_name(const std::string& path);

/// The table in a healthy file. What is no healthy database of ours, or cannot be read and written, is
/// renamed to `PATH.broken-TIME` together with its companions (-wal, -shm, -journal), said in the log, and a
/// new one made. An Error when that cannot be done, and for trouble that says nothing about the file: locked,
/// disk full.
Result<AddressTable> open_verify_file(const std::string& path, const Clock& clock, Log& log);

/// Which file a path leads to; two zeros for none.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  static FileIdentity of(const std::string& path);
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

}  // namespace fallbackmx
