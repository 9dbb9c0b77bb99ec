#define PCRE2_CODE_UNIT_WIDTH 8
#include "conf/tables/pattern.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace fallbackmx {

namespace {

/// Enough for any address against any pattern that is not a mistake; some milliseconds.
constexpr std::uint32_t most_match_steps = 100'000;
constexpr std::uint32_t most_memory = 1024;  // KiB

struct MatchData {
  explicit MatchData(const pcre2_code* code) : data(pcre2_match_data_create_from_pattern(code, nullptr)) {}
  ~MatchData() { pcre2_match_data_free(data); }
  MatchData(const MatchData&) = delete;
  MatchData& operator=(const MatchData&) = delete;
  pcre2_match_data* data;
};

struct MatchContext {
  MatchContext() : context(pcre2_match_context_create(nullptr)) {
    if (context == nullptr) return;
    pcre2_set_match_limit(context, most_match_steps);
    pcre2_set_depth_limit(context, most_match_steps);
    pcre2_set_heap_limit(context, most_memory);
  }
  ~MatchContext() { pcre2_match_context_free(context); }
  MatchContext(const MatchContext&) = delete;
  MatchContext& operator=(const MatchContext&) = delete;
  pcre2_match_context* context;
};

struct Flag {
  char letter;
  std::uint32_t option;
};
constexpr Flag perl_flags[] = {
    {'i', PCRE2_CASELESS}, {'m', PCRE2_MULTILINE},
    {'s', PCRE2_DOTALL},   {'x', PCRE2_EXTENDED},
    {'A', PCRE2_ANCHORED}, {'E', PCRE2_DOLLAR_ENDONLY},
    {'U', PCRE2_UNGREEDY}, {'X', 0},  // of PCRE 1: an unknown escape is an error, as it is always now
};
constexpr Flag posix_flags[] = {{'i', PCRE2_CASELESS}, {'m', PCRE2_MULTILINE}};

bool one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

/// The end of a bracket expression that begins at `begin`; npos when it has none.
std::size_t end_of_brackets(std::string_view pattern, std::size_t begin) {
  auto at = begin + 1;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  while (at < pattern.size() && pattern[at] != ']') {
    const bool named = pattern[at] == '[' && at + 1 < pattern.size() && one_of(pattern[at + 1], ":.=");
    if (!named) {
      ++at;
      continue;
    }
    const auto end = pattern.find(std::string{pattern[at + 1], ']'}, at + 2);
    if (end == std::string_view::npos) return end;
    at = end + 2;
  }
  return at < pattern.size() ? at : std::string_view::npos;
}

/// In Perl's words, what a POSIX extended expression says (regex(7), and the additions of glibc).
Result<std::string> from_posix(std::string_view pattern) {
  std::string perl;
  bool quantified = false;  // what was just written repeats something
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    const char next = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
    const bool repeats = one_of(c, "*+?") || (c == '{' && next >= '0' && next <= '9');
    if (repeats && quantified)
      return Error{"two repetitions in a row: put parentheses around the first, or name the table pcre:"};
    if (c == '(' && one_of(next, "?*+") && next != '\0')
      return Error{fmt::format("\"({}\" is no POSIX expression: name the table pcre:", next)};
    if (repeats && c == '{') {
      const auto end = pattern.find('}', at);
      if (end == std::string_view::npos) return Error{"\"{\" is not closed"};
      perl += pattern.substr(at, end - at + 1);
      at = end;
    } else if (c == '[') {
      const auto end = end_of_brackets(pattern, at);
      if (end == std::string_view::npos) return Error{"\"[\" is not closed"};
      for (const char inside : pattern.substr(at, end - at + 1))
        perl += inside == '\\' ? "\\\\" : std::string(1, inside);
      at = end;
    } else if (c == '\\') {
      if (next == '\0') return Error{"nothing after the last \"\\\""};
      const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
      if (next == '<' || next == '>')
        perl += next == '<' ? "\\b(?=\\w)" : "\\b(?<=\\w)";
      else if (next == '`' || next == '\'')
        perl += next == '`' ? "\\A" : "\\z";
      else if (letter && !one_of(next, "wWsSbB"))
        perl += next;
      else
        perl += {'\\', next};
      ++at;
    } else {
      perl += c;
    }
    quantified = repeats;
  }
  return perl;
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view pattern, std::string_view flags, PatternSyntax syntax) {
  const bool posix = syntax == PatternSyntax::posix;
  std::uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL | (posix ? PCRE2_DOLLAR_ENDONLY : 0);
  const std::span<const Flag> known = posix ? std::span<const Flag>(posix_flags) : perl_flags;
  for (const char letter : flags) {
    const auto flag = std::find_if(known.begin(), known.end(), [&](auto f) { return f.letter == letter; });
    if (flag != known.end()) {
      options ^= flag->option;
    } else if (posix && letter == 'x') {
      return Error{"flag x (basic regular expressions) is not supported: write an extended one, without x"};
    } else {
      return Error{fmt::format("unknown flag \"{}\" after the pattern", letter)};
    }
  }
  std::string text(pattern);
  if (posix) {
    auto perl = from_posix(pattern);
    if (!perl) return Error{perl.error()};
    text = *std::move(perl);
  }
  int code_of_error = 0;
  PCRE2_SIZE where = 0;
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(text.data());
  pcre2_code* code = pcre2_compile(bytes, text.size(), options, &code_of_error, &where, nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR why[200] = {};
    pcre2_get_error_message(code_of_error, why, sizeof why);
    return Error{
        fmt::format("{}, at character {} of the pattern", reinterpret_cast<const char*>(why), where)};
  }
  Pattern compiled;
  compiled.code_ = std::shared_ptr<const void>(
      code, [](const void* done) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(done))); });
  std::uint32_t groups = 0;
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
  compiled.groups_ = groups;
  return compiled;
}

std::optional<std::vector<std::string>> Pattern::match(std::string_view subject) const {
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  const MatchData data(code);
  const MatchContext context;
  if (data.data == nullptr || context.context == nullptr) return std::nullopt;
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(subject.data());
  const int found = pcre2_match(code, bytes, subject.size(), 0, 0, data.data, context.context);
  if (found < 0) return std::nullopt;
  std::vector<std::string> groups(groups_ + 1);
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.data);
  for (std::size_t i = 0; i < groups.size() && i < static_cast<std::size_t>(found); ++i) {
    // \K can put the beginning behind the end.
    const auto begin = ends[2 * i], end = ends[2 * i + 1];
    if (begin != PCRE2_UNSET && begin <= end) groups[i] = subject.substr(begin, end - begin);
  }
  return groups;
}

}  // namespace fallbackmx
