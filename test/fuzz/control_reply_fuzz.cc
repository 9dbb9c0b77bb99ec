// What a daemon may answer the operator's command: the first line is a verb's name in a request, the others
// are answers to it, one after the other. The daemon may be another version, or be somebody else.
#include <algorithm>
#include <sstream>

#include "milter/command/memory_file.h"
#include "milter/command/rendering.h"
#include "milter/control/control_message.h"
#include "test/fuzz/script.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

/// Answers as they come; then there is nobody any more.
AskForPage answering(const std::vector<std::string_view>& lines) {
  return [&lines, next = std::size_t{1}](const ControlRequest&) mutable {
    if (next >= lines.size()) return control_error(69, "nobody answers");
    auto reply = read_reply(lines[next++]);
    return reply ? *std::move(reply) : control_error(76, reply.error());
  };
}

}  // namespace

void control_reply(std::string_view input) {
  const auto lines = lines_of(input, 20);
  if (lines.empty()) return;
  const auto verb = verb_on_wire(lines.front());
  for (const auto line : lines) {
    const auto reply = read_reply(line);
    if (!reply) {
      require(is_printable_ascii(reply.error()) && !reply.error().empty(), "trouble is a sentence");
      continue;
    }
    require(reply->ok() == reply->error.empty() && reply->exit >= 0 && reply->exit <= 127, "a status is one");
    require(reply->ok() || reply->exit != 0, "trouble has an exit status");
    if (verb && reply->ok())
      require(is_printable_lines(rendered(*verb, reply->result)), "what is shown on a terminal is printable");
  }
  std::ostringstream file, complaints;
  const auto exported = export_memory(answering(lines), file);
  require(exported.ok() || exported.exit != 0, "trouble has an exit status");
  std::istringstream in(
      "fallbackmx-memory 1\nuser@example.org\tyes\t250\t-\t1795338000\t1795338000\tOk\nend\t1\n");
  const auto imported = import_memory(answering(lines), in, complaints);
  require(imported.ok() || imported.exit != 0, "trouble has an exit status");
}

}  // namespace fallbackmx::fuzz
