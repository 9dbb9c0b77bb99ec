// What we say to the MTA about one command.
#pragma once

#include <string>
#include <string_view>

namespace fallbackmx {

/// A value. `code` 0 is "continue"; else 400 to 599, with an enhanced code whose class agrees, and text fit
/// for smfi_setreply (one line, printable ASCII, `%` not yet doubled).
struct Reply {
  int code = 0;
  std::string dsn;
  std::string text;

  bool rejects() const { return code >= 500; }
  bool defers() const { return code >= 400 && code < 500; }
  /// accept, reject or defer: the word for it in the log, in metrics, everywhere.
  std::string_view action() const { return rejects() ? "reject" : defers() ? "defer" : "accept"; }
  friend bool operator==(const Reply&, const Reply&) = default;
};

/// Postfix's smtpd_check_reject(): the first digit of `dsn` is made to agree with `code` ("4.1.8" with 550
/// becomes 5.1.8); soft_bounce turns 5 into 4; unprintable bytes become blanks; the whole line stays within
/// 510 bytes. A code outside 400..599 or a bad dsn gives `450 4.7.1 Service unavailable`.
Reply make_reply(int code, std::string_view dsn, std::string_view text, bool soft_bounce);

/// A 5xx as the 4xx of soft_bounce; anything else as it is.
Reply softened(Reply);

/// The text as libmilter wants it: `%` doubled, at most 980 bytes.
std::string for_libmilter(const Reply&);

}  // namespace fallbackmx
