// What is remembered about an address as one line of text, for other machines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "probe/store/record.h"

namespace fallbackmx {

/// An address and what is remembered about it. A value.
struct VerifyLine {
  std::string key;  ///< Address::key()
  AddressRecord record;
  friend bool operator==(const VerifyLine&, const VerifyLine&) = default;
};

/// Seven fields with one tab between them, no end of line:
///
///     user@example.org  yes  250  2.1.5  1795338000  1795338000  Ok
///
/// the key; yes or no; the code and the enhanced code (or -) of the primary's reply; when it was given; when
/// a yes was last given (0: never); its words.
std::string to_text(const VerifyLine& line);

/// Nothing, when the line is not one that to_text() writes: any byte of it may be wrong. The key is that of
/// an address, the record is sound(). A no is hearsay: it was proven to whoever wrote the line, if it was.
std::optional<VerifyLine> parse_verify_line(std::string_view text);

}  // namespace fallbackmx
