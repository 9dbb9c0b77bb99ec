// What is remembered as a text file: the command's end of `remember export` and `remember import`.
#pragma once

#include <functional>
#include <istream>
#include <ostream>

#include "milter/control/control_message.h"

namespace fallbackmx {

/// Who answers the requests for the pages: the daemon, or who stands for it while it is stopped.
using AskForPage = std::function<ControlReply(const ControlRequest&)>;

/// The file, which is the same for all machines:
///
///     fallbackmx-memory 1
///     user@example.org  yes  250  2.1.5  1795338000  1795338000  Ok
///     ...
///     end  1
///
/// The first line names the format and its version. Each further one is a line of verify_text.h, in no order.
/// The last one says how many there are, so that a file that was cut short is known for one. Page for page: a
/// million addresses take no more memory than one.

/// Writes the file; the result tells `addresses`. An error as soon as a page cannot be had, or not be
/// written.
ControlReply export_memory(const AskForPage& ask, std::ostream& out);

/// Reads a file. A line that is none of the format is complained about with its number, the first twenty of
/// them, and left out; so is what another version wrote, as a whole. What is known already, and is as new,
/// stays. The result tells `taken`, `known`, `bad`, and whether the file is `complete`; its exit status is
/// that of bad data when a line was bad, or the end is missing.
ControlReply import_memory(const AskForPage& ask, std::istream& in, std::ostream& complaints);

}  // namespace fallbackmx
