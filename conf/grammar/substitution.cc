#include "conf/grammar/substitution.h"

#include <fmt/format.h>

#include <algorithm>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// Takes the number behind a `$` off the front, with the braces around it; npos when there is none.
std::size_t take_group(std::string_view& text) {
  const char close = text.starts_with('{') ? '}' : text.starts_with('(') ? ')' : '\0';
  auto rest = text.substr(close == '\0' ? 0 : 1);
  const auto length = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (length == 0 || length > 3) return std::string_view::npos;
  std::size_t group = 0;
  for (const char digit : rest.substr(0, length)) group = group * 10 + static_cast<std::size_t>(digit - '0');
  rest.remove_prefix(length);
  if (close != '\0') {
    if (!rest.starts_with(close)) return std::string_view::npos;
    rest.remove_prefix(1);
  }
  text = rest;
  return group;
}

}  // namespace

Result<Substitution> Substitution::parse(std::string_view text, std::size_t groups) {
  Substitution parsed;
  const std::string_view whole = text;
  for (;;) {
    const auto dollar = text.find('$');
    parsed.end_ += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return parsed;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      parsed.end_ += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto group = take_group(text);
    if (group == std::string_view::npos)
      return Error{
          fmt::format("{}: after $ write the number of a group, as in $1, or $$ for a $", in_quotes(whole))};
    if (group == 0 || group > groups)
      return Error{fmt::format("{}: ${}, but the pattern has {}", in_quotes(whole), group,
                               groups == 0 ? "no groups" : fmt::format("groups 1 to {}", groups))};
    parsed.places_.push_back({std::move(parsed.end_), group});
    parsed.end_.clear();
  }
}

std::string Substitution::apply(const std::vector<std::string>& matched) const {
  std::string text;
  for (const auto& [before, group] : places_) {
    text += before;
    if (group < matched.size()) text += matched[group];
  }
  return text + end_;
}

}  // namespace fallbackmx
