// Words of a line: taken apart, compared, shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

inline constexpr std::string_view white_space = " \t";

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/// Without white space at both ends.
std::string_view stripped(std::string_view, std::string_view blanks = white_space);
/// Split at commas and white space; no empty words.
std::vector<std::string> split_words(std::string_view);

/// The items of a list that are separated by commas only, and may hold blanks.
std::vector<std::string> split_phrases(std::string_view);
/// A to Z as a to z; the rest as it is.
std::string lower_case(std::string_view);
/// The same but for the case of A to Z.
bool same_but_for_case(std::string_view, std::string_view);
/// For messages: in double quotes, cut when it is long.
std::string in_quotes(std::string_view);

}  // namespace fallbackmx
