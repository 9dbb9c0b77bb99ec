#include "milter/control/verbs.h"

#include <algorithm>
#include <iterator>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

constexpr VerbRow verb_rows[] = {
#define VERB(enumerator, words, argument, kind, summary, more) \
  {Verb::enumerator, words, argument, VerbKind::kind, summary, more},
#include "milter/control/verbs.def"
};

constexpr VerbOption options[] = {
#define OPTION(enumerator, name, value, help) {Verb::enumerator, name, value, help},
#include "milter/control/verbs.def"
};

}  // namespace

std::string VerbRow::argument_name() const {
  std::string name = lower_case(argument);
  std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
  return name;
}

std::string VerbRow::wire_name() const {
  std::string name(words);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::span<const VerbRow> verb_table() { return verb_rows; }

const VerbRow& verb_row(Verb verb) { return verb_rows[static_cast<std::size_t>(verb)]; }

std::vector<VerbOption> options_of(Verb verb) {
  std::vector<VerbOption> own;
  std::copy_if(std::begin(options), std::end(options), std::back_inserter(own),
               [&](const VerbOption& each) { return each.verb == verb; });
  return own;
}

std::optional<Verb> verb_on_wire(std::string_view name) {
  const auto* found = std::find_if(std::begin(verb_rows), std::end(verb_rows),
                                   [&](const VerbRow& each) { return each.wire_name() == name; });
  if (found == std::end(verb_rows)) return std::nullopt;
  return found->verb;
}

}  // namespace fallbackmx
