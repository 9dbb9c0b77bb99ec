#include "conf/grammar/expand.h"

#include <fmt/format.h>

#include <algorithm>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view leading_name(std::string_view text) {
  return text.substr(0, static_cast<std::size_t>(
                            std::find_if_not(text.begin(), text.end(), is_name_character) - text.begin()));
}

/// Where the bracket that opens at text[0] closes; npos when it does not.
std::size_t closing(std::string_view text) {
  const char open = text[0], close = open == '{' ? '}' : ')';
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) return i;
  }
  return std::string_view::npos;
}

/// The two texts of a condition; either may be absent.
struct Branches {
  std::optional<std::string_view> filled, empty;
};

/// `?text`, `:text`, `?{text}`, `:{text}`, `?{text}:{text}`, `?{text}:text`: what stands behind the name
/// between the brackets.
std::optional<Branches> parse_branches(std::string_view text) {
  if (text.empty() || (text[0] != '?' && text[0] != ':')) return std::nullopt;
  const bool filled_first = text[0] == '?';
  text.remove_prefix(1);
  const auto whole = stripped(text);
  if (!whole.starts_with('{')) return filled_first ? Branches{text, {}} : Branches{{}, text};

  const auto end = closing(whole);
  if (end == std::string_view::npos) return std::nullopt;
  const auto first = whole.substr(1, end - 1);
  auto rest = stripped(whole.substr(end + 1));
  if (rest.empty()) return filled_first ? Branches{first, {}} : Branches{{}, first};
  if (!filled_first || rest[0] != ':') return std::nullopt;
  rest = stripped(rest.substr(1));
  if (rest.starts_with('{')) {
    if (closing(rest) != rest.size() - 1) return std::nullopt;
    rest = rest.substr(1, rest.size() - 2);
  }
  return Branches{first, rest};
}

class Expansion {
 public:
  Expansion(const ValueOf& value_of, const WhyUnknown& why_unknown)
      : value_of_(value_of), why_unknown_(why_unknown) {}

  /// Appends to the result; the error, or nothing.
  std::optional<Error> append(std::string_view text) {
    while (!text.empty()) {
      const auto dollar = std::min(text.find('$'), text.size());
      result_ += text.substr(0, dollar);
      if (result_.size() > longest) return Error{"the expanded value is too long"};
      text.remove_prefix(dollar);
      if (text.empty()) return std::nullopt;
      if (auto error = reference(text)) return error;
    }
    return std::nullopt;
  }

  std::string result() && { return std::move(result_); }

 private:
  static constexpr std::size_t longest = 1 << 20;
  static constexpr std::size_t deepest = 100;       // conditions within conditions
  static constexpr std::size_t most_steps = 10000;  // names that double without adding a byte

  /// `text` begins with `$`; takes what belongs to it off.
  std::optional<Error> reference(std::string_view& text) {
    const auto whole = text;
    text.remove_prefix(1);
    if (text.starts_with('$')) {
      result_ += '$';
      text.remove_prefix(1);
      return std::nullopt;
    }
    if (!text.starts_with('{') && !text.starts_with('(')) {
      const auto name = leading_name(text);
      if (name.empty())
        return Error{fmt::format("{}: no name after \"$\"; a plain dollar sign is \"$$\"", in_quotes(whole))};
      text.remove_prefix(name.size());
      return value(name);
    }
    const auto end = closing(text);
    if (end == std::string_view::npos)
      return Error{fmt::format("{}: the bracket is not closed", in_quotes(whole))};
    const auto inside = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return bracket(inside, whole.substr(0, end + 2));
  }

  std::optional<Error> bracket(std::string_view inside, std::string_view whole) {
    if (inside.starts_with('{'))
      return Error{fmt::format("{}: comparisons are not supported", in_quotes(whole))};
    const auto name = leading_name(inside);
    if (name.empty()) return Error{fmt::format("{}: no name after \"$\"", in_quotes(whole))};
    auto condition = inside.substr(name.size());
    condition.remove_prefix(std::min(condition.find_first_not_of(white_space), condition.size()));
    if (condition.empty()) return value(name);
    const auto branches = parse_branches(condition);
    if (!branches)
      return Error{
          fmt::format("{}: what stands behind {} is neither ?text nor :text", in_quotes(whole), name)};

    // The value is only looked at: it is expanded aside, and what was built so far put back.
    bool filled = false;
    if (value_of_(name)) {
      auto before = std::move(result_);
      result_.clear();
      auto error = value(name);
      filled = !result_.empty();
      result_ = std::move(before);
      if (error) return error;
    }
    const auto& chosen = filled ? branches->filled : branches->empty;
    if (!chosen) return std::nullopt;
    if (++depth_ > deepest) return Error{fmt::format("{}: nested too deeply", in_quotes(whole))};
    auto error = append(*chosen);
    --depth_;
    return error;
  }

  std::optional<Error> value(std::string_view name) {
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      return Error{fmt::format("${} is made from itself ({} -> {})", name, fmt::join(open_, " -> "), name)};
    }
    const auto found = value_of_(name);
    if (!found) return Error{fmt::format("${}: {}", name, why_unknown_(name))};
    if (++steps_ > most_steps) return Error{"the value is made from too many others"};
    open_.emplace_back(name);
    auto error = append(*found);
    open_.pop_back();
    return error;
  }

  const ValueOf& value_of_;
  const WhyUnknown& why_unknown_;
  std::string result_;
  std::vector<std::string> open_;  ///< the names whose values we are inside of
  std::size_t depth_ = 0, steps_ = 0;
};

}  // namespace

Result<std::string> expand(std::string_view text, const ValueOf& value_of, const WhyUnknown& why_unknown) {
  Expansion expansion(value_of, why_unknown);
  if (auto error = expansion.append(text)) return *std::move(error);
  return std::move(expansion).result();
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$')) {
    text.remove_prefix(at + 1);
    if (text.starts_with('$')) {
      text.remove_prefix(1);
      continue;
    }
    if (text.starts_with('{') || text.starts_with('(')) text.remove_prefix(1);
    if (const auto name = leading_name(text); !name.empty()) names.emplace_back(name);
  }
  return names;
}

}  // namespace fallbackmx
