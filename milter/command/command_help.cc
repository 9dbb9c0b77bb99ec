#include "milter/command/command_help.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace fallbackmx {

namespace {

constexpr std::size_t width = 78;

/// `text` in lines within the width, the first behind `lead`, the others behind as many blanks.
std::string filled(std::string_view lead, std::string_view text) {
  std::string out, line(lead);
  bool fresh = true;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!fresh && line.size() + 1 + word.size() > width) {
      out += line + '\n';
      line.assign(lead.size(), ' ');
      fresh = true;
    }
    if (!fresh) line += ' ';
    line += word;
    fresh = false;
  }
  return out + line + '\n';
}

std::string option_synopsis(const VerbOption& option) {
  return fmt::format("--{}{}{}", option.name, option.value.empty() ? "" : "=", option.value);
}

std::string synopsis(const VerbRow& row) {
  std::string text = fmt::format("fallbackmx {}", row.words);
  for (const auto& option : options_of(row.verb)) text += fmt::format(" [{}]", option_synopsis(option));
  if (row.takes_argument()) text += fmt::format(" {}", row.argument);
  return text;
}

}  // namespace

std::string command_help() {
  std::string text =
      "Usage: fallbackmx [options] VERB [ARGUMENT]\n"
      "Looks at a fallbackmx-milter that runs, and steers it.\n\n";
  for (const VerbRow& row : verb_table()) {
    const std::string words = fmt::format("{}{}{}", row.words, row.takes_argument() ? " " : "", row.argument);
    text += filled(fmt::format("  {:<28} ", words), row.summary);
  }
  return text +
         "\nOptions of all verbs:\n"
         "  --json           print the answer as JSON\n"
         "  -c FILE, --config FILE   read control_socket from this milter.conf\n"
         "  --socket PATH    the daemon's control socket, whatever the configuration says\n"
         "  -h, --help       print this, or with a verb what there is to say about it\n"
         "  -V, --version    print the version\n"
         "\nExit status: 0 done, 64 usage, 67 no such user (verify), 69 daemon cannot be\n"
         "reached, 75 not known now, 77 not permitted, 78 configuration; fallbackmx(1).\n";
}

std::string verb_help(Verb verb) {
  const VerbRow& row = verb_row(verb);
  std::string text = filled("Usage: ", synopsis(row)) + '\n' + filled("", row.more);
  const auto options = options_of(verb);
  if (!options.empty()) text += '\n';
  for (const auto& option : options)
    text += filled(fmt::format("  {:<18} ", option_synopsis(option)), option.help);
  return text;
}

}  // namespace fallbackmx
