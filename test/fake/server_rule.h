// What a scripted SMTP server says to a command, and how: one line of its script.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"
#include "test/fake/words.h"

namespace fallbackmx {

/// What is said, and what is done beside or instead of it. A value.
struct ServerReply {
  std::vector<std::string> lines;  ///< as on the wire, without CR LF; none: nothing is said

  Span stall{0};             ///< `stall 20s`: waits before it
  bool mute = false;         ///< `stall`: says nothing any more in this session
  bool hold = false;         ///< `hold`: waits for the server's `release`
  Span per_byte{0};          ///< `drip 1/s`
  std::size_t fragment = 0;  ///< `fragment 3`: in pieces of so many bytes
  std::size_t pad = 0;       ///< `line 5000`: the first line made as long as that
  bool early = false;        ///< `early`: once more, before anybody asked
  bool garbage = false;      ///< `garbage`: bytes that are no SMTP, in place of a reply
  bool endless = false;      ///< `forever`: a multi-line reply that does not end
  bool close = false;        ///< `close`: hangs up, after the reply if there is one
  bool reset = false;        ///< `reset`: the same, with a reset

  /// Of the first line; 0 if nothing is said.
  int code() const;
  /// It says how, but not what: `stall 2s` alone delays what would be said anyway.
  bool manner_only() const { return lines.empty() && !mute && !garbage && !close && !reset; }
};

/// `PATTERN   REPLY | REPLY...   ACTION   ACTION`, columns separated by two or more blanks. A pattern without
/// such a gap ends before the first reply code. Further columns limit when the rule applies: `when
/// pipelined`, `when plain`, `when tls`, `times 2` (the first two matches only).
struct ServerRule {
  enum class When { always, pipelined, plain, tls };
  std::string pattern;
  ServerReply reply;
  When when = When::always;
  std::optional<std::size_t> times;

  static Result<ServerRule> parse(std::string_view line);
  bool matches(std::string_view command, bool pipelined, bool tls) const;
};

/// The first word of a command, in upper case.
std::string verb_of(std::string_view command);

/// Reply and action columns only.
Result<ServerReply> parse_server_reply(std::span<const std::string> columns);

}  // namespace fallbackmx
