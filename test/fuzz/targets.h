// What is thrown at rubbish: one function per way in for remote or foreign bytes. libFuzzer calls it with
// what it makes up, the unit tests with the corpora in test/fuzz/corpus/NAME/.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace fallbackmx::fuzz {

#define FUZZ_TARGET(name, cuts, runs) void name(std::string_view input);
#include "test/fuzz/targets.def"
#undef FUZZ_TARGET

/// What a target promises of any input. Nobody catches it under libFuzzer: a crash, with its input kept.
inline void require(bool promise, const char* what) {
  if (!promise) throw std::logic_error(what);
}

inline bool is_printable_ascii(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

/// As what a terminal shows: lines, ended by LF.
inline bool is_printable_lines(std::string_view text) {
  for (const char c : text) {
    if (c != '\n' && (c < 0x20 || c > 0x7e)) return false;
  }
  return true;
}

inline bool is_clean_log_line(std::string_view line) {
  return is_printable_ascii(line) && line.size() <= 2048;
}

}  // namespace fallbackmx::fuzz
