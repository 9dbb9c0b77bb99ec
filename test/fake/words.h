// Small readers for the lines of scripts and scenarios. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// The program has functions of its own by some of these names.
inline namespace script_words {

/// A span of scenario time.
using Span = std::chrono::nanoseconds;

std::string_view stripped(std::string_view text);
/// What two or more blanks, or a tab, separate.
std::vector<std::string> columns(std::string_view line);
/// What white space separates; a "quoted part" is one word, without its quotes.
std::vector<std::string> words(std::string_view line);

/// `20s`, `1h1s`, `500ms`, `2d`; units ms, s, m, h, d.
std::optional<Span> read_span(std::string_view text);
std::optional<std::size_t> read_number(std::string_view text);
/// Two digits are a byte.
std::optional<std::string> read_hex(std::string_view text);

/// `*` stands for any text, also none; case does not matter.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace script_words
}  // namespace fallbackmx
