// What is remembered, on its way to another machine: the daemon's end of `remember export` and `remember
// import`.
#pragma once

#include "conf/parameters.h"
#include "milter/control/control_message.h"
#include "probe/base/clock.h"
#include "probe/store/store.h"

namespace fallbackmx {

/// A page of the store behind the address `after`, which is the `next` of the page before, as lines of
/// verify_text.h; it may be short, or empty, before the last one:
///
///     {"lines":["u@example.org\tyes\t250\t2.1.5\t1795338000\t1795338000\tOk"],"next":"u@example.org"}
ControlReply export_page(const ControlRequest&, Store&);

/// Takes the `lines` of a request (`further` when it is not the first of a file): what is newer than what is
/// known, that is, as outdates() has it; expired ones go at once. Returns when they are written:
///
///     {"taken":2,"known":1,"bad":0}
ControlReply import_page(const ControlRequest&, Store&, const Settings&, WallTime now);

/// How many rows the daemon's store may have: some 200 MB of addresses.
constexpr std::size_t most_rows_of_memory = 1'000'000;

}  // namespace fallbackmx
