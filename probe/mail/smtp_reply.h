// An SMTP reply and the parser for it (RFC 5321 section 4.2, RFC 2034 for enhanced codes).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// One complete reply, bounded in size, bytes as received.
struct SmtpReply {
  int code = 0;     ///< 100 to 599
  std::string dsn;  ///< enhanced status code of the first line, "5.1.1"; empty if there is none
                    ///< or its class disagrees with the code
  std::vector<std::string> lines;  ///< text of each line after the code, enhanced code included
  bool contradictory = false;      ///< its lines bear different codes, or more followed than was asked for

  int category() const { return code / 100; }
  /// All lines as one, separated by blanks, without enhanced codes: for the log and for clients (escape it
  /// first).
  std::string text() const;
};

/// Takes bytes in any fragmentation and gives replies. Lines end with LF, an optional CR before it is
/// dropped. What is too long is cut (a line after 1,000 bytes, a reply after 100 lines, which still count as
/// read); what does not begin with three digits and a blank, a hyphen or the line's end is not SMTP: the
/// parser then stays broken.
class ReplyParser {
 public:
  void feed(std::string_view bytes);
  /// The next complete reply, if there is one; those before rubbish stand.
  std::optional<SmtpReply> next();
  /// Set once rubbish was met; the text says what it was, escaped and short.
  const std::optional<std::string>& broken() const { return broken_; }
  /// True while the last line of a reply is missing that has come in part.
  bool begun() const { return open_.has_value(); }
  /// True if nothing is buffered: neither bytes nor unread replies.
  bool empty() const;
  /// Forgets everything, rubbish included: used after STARTTLS (RFC 3207 section 4.2).
  void clear();

 private:
  void take_line(std::string_view line);

  std::string partial_;
  std::size_t skipped_ = 0;
  std::optional<SmtpReply> open_;
  std::vector<SmtpReply> complete_;
  std::optional<std::string> broken_;
};

/// Remote bytes made fit for a log line, a reply or a terminal: control and non-ASCII bytes become '?' or
/// \xNN, the whole is cut at `limit` with "..." at the end.
std::string printable(std::string_view bytes, std::size_t limit = 500);

}  // namespace fallbackmx
