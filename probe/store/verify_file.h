// The file behind the SQLite store: opened, or set aside and begun anew; and whether it still is where it
// was.
#pragma once

#include <sys/types.h>

#include <string>

#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/result.h"
#include "probe/store/address_table.h"

namespace fallbackmx {

/// `verify database PATH`, printable: how sentences about it begin.
std::string verify_file_name(const std::string& path);

struct VerifyFile {
  AddressTable table;
  bool set_aside = false;  ///< what was there, and this is a new one
};

/// The table in a file that looks like ours; all of it is read later (inspection.h). What is no database of
/// ours, or cannot be read and written, is replaced as below. An Error when that cannot be done, and for
/// trouble that says nothing about the file: locked, disk full.
Result<VerifyFile> open_verify_file(const std::string& path, const Clock& clock, Log& log);

/// Renames a file to `PATH.broken-TIME` together with its companions (-wal, -shm, -journal), says in the log
/// what the damage was, and makes a new one.
Result<VerifyFile> replace_verify_file(const std::string& path, const std::string& damage, const Clock& clock,
                                       Log& log);

/// Which file a path leads to; two zeros for none.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  static FileIdentity of(const std::string& path);
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

}  // namespace fallbackmx
