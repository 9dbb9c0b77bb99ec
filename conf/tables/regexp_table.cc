#include "conf/tables/regexp_table.h"

#include <fmt/format.h>

#include <cctype>
#include <utility>
#include <vector>

#include "conf/grammar/substitution.h"
#include "conf/tables/pattern_file.h"

namespace fallbackmx {

namespace {

/// One or two patterns, each with what it must say.
struct Condition {
  struct Part {
    Pattern pattern;
    bool negated = false;
  };
  std::vector<Part> parts;

  /// What the groups of the first pattern matched; nothing of a negated one.
  std::optional<std::vector<std::string>> match(std::string_view key) const {
    std::optional<std::vector<std::string>> first;
    for (const auto& [pattern, negated] : parts) {
      auto groups = pattern.match(key);
      if (groups.has_value() == negated) return std::nullopt;
      if (!first) first = groups ? *std::move(groups) : std::vector<std::string>();
    }
    return first;
  }
};

/// Takes `/pattern/flags` off the front.
Result<Pattern> take_pattern(std::string_view& text, PatternSyntax syntax) {
  if (text.empty()) return Error{"no pattern"};
  const char delimiter = text.front();
  if (std::isalnum(static_cast<unsigned char>(delimiter)) != 0)
    return Error{
        fmt::format("{}: write the pattern between slashes, as in /^user@example\\.org$/", in_quotes(text))};
  std::size_t end = 1;
  while (end < text.size() && text[end] != delimiter) end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return Error{fmt::format("{}: no closing \"{}\"", in_quotes(text), delimiter)};
  const auto pattern = text.substr(1, end - 1);
  auto rest = text.substr(end + 1);
  const auto flags = rest.substr(0, rest.find_first_of(syntax == PatternSyntax::posix ? " \t!" : " \t"));
  auto compiled = Pattern::compile(pattern, flags, syntax);
  if (!compiled) return Error{fmt::format("{}: {}", in_quotes(pattern), compiled.error())};
  text = rest.substr(flags.size());
  return compiled;
}

/// Takes all patterns in front of the text; what is left of it is the text that they lead to.
Result<Condition> take_condition(std::string_view& text, PatternSyntax syntax) {
  Condition condition;
  do {
    const bool negated = take_negation(text);
    auto pattern = take_pattern(text, syntax);
    if (!pattern) return Error{pattern.error()};
    condition.parts.push_back({*std::move(pattern), negated});
  } while (syntax == PatternSyntax::posix && text.starts_with('!') && condition.parts.size() < 2);
  text = stripped(text);
  return condition;
}

class RegexpTable : public LookupTable {
 public:
  struct Line {
    Condition condition{};
    Substitution text{};
    std::size_t row = 0;
  };
  RegexpTable(std::string_view name, std::vector<LookupRow> rows, std::vector<PatternLine> order,
              std::vector<Line> lines)
      : LookupTable(name, std::move(rows)), order_(std::move(order)), lines_(std::move(lines)) {}

  std::optional<Match> find(std::string_view key, bool whole) const override {
    if (!whole) return std::nullopt;
    std::vector<std::string> groups;
    const auto found = first_match(order_, [&](std::size_t at) {
      auto matched = lines_[at].condition.match(key);
      if (!matched) return false;
      groups = *std::move(matched);
      return true;
    });
    if (!found) return std::nullopt;
    return Match{lines_[*found].row, lines_[*found].text.apply(groups)};
  }

 private:
  std::vector<PatternLine> order_;
  std::vector<Line> lines_;  ///< of each in order_
};

}  // namespace

Result<std::shared_ptr<const LookupTable>> regexp_table(std::string_view name, std::string_view path,
                                                        std::string_view text, PatternSyntax syntax) {
  auto parsed = pattern_lines(text);
  auto& order = parsed.lines;
  const auto& errors = parsed.errors;
  std::vector<LookupRow> rows;
  std::vector<RegexpTable::Line> lines(order.size());
  const auto wrong = [&](std::size_t line, std::string_view why) { return parsed.wrong(path, line, why); };
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (order[at].kind == PatternLineKind::end_if) continue;
    std::string_view rest = order[at].text;
    auto condition = take_condition(rest, syntax);
    if (!condition) return wrong(order[at].number, condition.error());
    const auto& first = condition->parts.front();
    const auto groups = first.negated ? 0 : first.pattern.groups();
    lines[at].condition = *std::move(condition);
    if (order[at].kind == PatternLineKind::begin_if) continue;
    const auto pattern = std::string_view(order[at].text).substr(0, order[at].text.size() - rest.size());
    if (rest.empty())
      return wrong(order[at].number, fmt::format("{}: no text after the pattern", in_quotes(pattern)));
    auto substitution = Substitution::parse(rest, groups);
    if (!substitution) return wrong(order[at].number, substitution.error());
    lines[at].text = *std::move(substitution);
    lines[at].row = rows.size();
    const bool fixed = !lines[at].text.needed();
    rows.push_back({std::string(stripped(pattern)), fixed ? lines[at].text.apply({}) : std::string(rest),
                    fmt::format("{}:{}", path, order[at].number), !fixed});
  }
  if (!errors.empty()) return wrong(errors.front().line + 1, "");
  return std::shared_ptr<const LookupTable>(
      std::make_shared<RegexpTable>(name, std::move(rows), std::move(order), std::move(lines)));
}

}  // namespace fallbackmx
