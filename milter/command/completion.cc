#include "milter/command/completion.h"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "milter/control/verbs.h"

namespace fallbackmx {

namespace {

constexpr std::string_view head =
    R"(# Completion of fallbackmx(1) for bash. Made from the table of its verbs, by `fallbackmx completion`.
_fallbackmx() {
  local word=${COMP_WORDS[COMP_CWORD]} verb= before= each words=
  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $before in
      -c | --config | --socket) ;;
      *) [[ $each == -* ]] || verb+="${verb:+ }$each" ;;
    esac
    before=$each
  done
  case $before in
    -c | --config | --socket)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  case $verb in
)";

constexpr std::string_view tail = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words --json --config --socket --help" -- "$word")
  [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
}
complete -F _fallbackmx fallbackmx
)";

void add(std::string& words, std::string_view word) {
  if (!words.empty()) words += ' ';
  words += word;
}

}  // namespace

std::string bash_completion() {
  std::string first, script(head);
  std::map<std::string_view, std::string> groups;
  for (const VerbRow& row : verb_table()) {
    const auto blank = row.words.find(' ');
    const auto group = row.words.substr(0, blank);
    if (blank == std::string_view::npos) {
      add(first, group);
    } else {
      if (groups[group].empty()) add(first, group);
      add(groups[group], row.words.substr(blank + 1));
    }
    std::string options;
    for (const auto& option : options_of(row.verb))
      add(options, fmt::format("--{}{}", option.name, option.value.empty() ? "" : "="));
    // Behind it stands its argument, or nothing.
    script += fmt::format("    '{0}' | '{0} '*) words='{1}' ;;\n", row.words, options);
  }
  for (const auto& [group, words] : groups) script += fmt::format("    {}) words='{}' ;;\n", group, words);
  return script + fmt::format("    '') words='{} --version' ;;\n", first) + std::string(tail);
}

}  // namespace fallbackmx
