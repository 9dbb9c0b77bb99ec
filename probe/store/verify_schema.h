// What the verify database looks like inside, and how one that an older version made becomes one of ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "probe/store/sqlite.h"

namespace fallbackmx {

/// Schema 2. One row for an address:
///
///     id        name_hash(key), where the row lies; a number is found on far fewer pages than a name
///     key       the address as Address::key() spells it: two names may share a hash
///     domain    name_hash of its domain
///     good      1 for a yes, 0 for a no
///     code dsn words   the primary's reply; a no that is hearsay has its code with a minus before it
///     asked last_yes   seconds since the epoch
///
/// A no is found by its age as well, a yes by its age and its domain. Schema 1 had the name for an id.
///
/// Beside it, one row for a note (Note has the columns): an older version of this program, which knows no
/// notes, leaves that table alone, so that it has no number of its own.
///
/// Makes the tables in an empty database, and brings those of an older version up to date. Within the
/// caller's transaction, so that whoever is killed in between has lost nothing. Empty, or why the database
/// cannot be ours: SQLite's reason when it has one, or else that of another program or of a newer version.
std::string adopt_schema(SqliteConnection& connection);

/// Where a name lies: 47 bits, to be the same for ever on all machines (FNV-1a, folded).
std::int64_t name_hash(std::string_view name);

}  // namespace fallbackmx
