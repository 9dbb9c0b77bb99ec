// A primary made of a script: the SMTP server's side of a dialogue, without any I/O. The same script runs in
// memory under virtual time and over sockets.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/clock.h"
#include "test/fake/server_rule.h"

namespace fallbackmx {

class ServerCredentials;

/// What happened at a server. A value.
struct ServerRecord {
  std::size_t knocks = 0;       ///< attempts to connect, refused and dropped ones too
  std::size_t connections = 0;  ///< that were accepted
  std::size_t at_once = 0;      ///< now
  std::size_t at_once_most = 0;
  std::size_t quits = 0;
  std::size_t tls = 0;                       ///< handshakes completed
  std::map<std::string, std::size_t> rcpts;  ///< RCPT commands, by address
  std::vector<std::string> commands;         ///< as received
  std::vector<std::string> transcript;       ///< for people: time, session, direction, line

  /// What no client of ours may do, whatever the script.
  std::size_t hangups = 0;               ///< connections left without QUIT, though nothing was wrong
  std::size_t datas = 0;                 ///< DATA or BDAT: a probe never sends mail
  std::size_t several_recipients = 0;    ///< second recipients of a transaction
  std::size_t unoffered_pipelining = 0;  ///< commands sent ahead without the server's leave

  /// Commands that match a pattern.
  std::size_t count(std::string_view pattern) const;
};

/// One host: its script, which may change while it runs, and what happened. A server without a script behaves
/// like a healthy Postfix that accepts every recipient. Script lines, first match wins:
///
///     greet      220 mx1 ESMTP               what is said first
///     EHLO *     250-mx1 | 250 PIPELINING    commands, see ServerRule
///     starttls                               offer it; `starttls abort`, `inject`, `garbage`, `cert NAME`
///     errors 10  stall 1s                    once it has said so many 4xx and 5xx in a session
///     after 30   421 4.7.0 enough   close    once it has answered so many commands
///     max-connections 2   421 4.7.0 busy     beyond so many at once; `refuse` instead of a reply: not even
///     accepted refuse, drop, hang, accept             no service; black hole; accepts and says nothing; back
///     to normal release                                lets go of what `hold` held
///
/// `refuse` also ends the connections that stand. Whoever carries the bytes looks again at all sessions after
/// a change. Used by all threads at once.
class ScriptedServer {
 public:
  enum class State { accept, refuse, drop, hang };
  enum class TlsFault { none, abort, inject, garbage };
  struct Tls {
    bool offered = false;
    TlsFault fault = TlsFault::none;
    std::string certificate_name;
  };

  explicit ScriptedServer(std::string name);

  /// Appends a line to the script. The error says what is wrong with it.
  Result<bool> define(std::string_view line);
  /// As define, for a running server: replaces the rule with the same pattern, or comes before all others.
  Result<bool> change(std::string_view line);

  const std::string& name() const { return name_; }
  Tls tls() const;
  /// Key and certificate by the name that `starttls` gives; made when first asked for.
  std::shared_ptr<const ServerCredentials> credentials();
  ServerRecord record() const;

  /// What becomes of a client that knocks now.
  State knock();
  State state() const;

 private:
  friend class ServerSession;
  struct Limit {
    std::size_t number = 0;
    ServerReply reply;
    bool refuse = false;
  };

  Result<bool> take_line(std::string_view line, bool running);
  std::optional<Result<bool>> take_keyword(const std::string& keyword, std::string_view line);
  Result<bool> take_limit(std::vector<Limit>& limits, std::string_view line);
  Result<bool> take_tls(const std::vector<std::string>& given);
  std::optional<ServerReply> scripted(std::string_view command, bool pipelined, bool in_tls);

  const std::string name_;
  mutable std::mutex mutex_;  ///< protects what follows
  std::vector<ServerRule> rules_;
  std::vector<Limit> errors_, commands_;
  std::optional<Limit> connections_;
  State state_ = State::accept;
  Tls tls_;
  std::shared_ptr<const ServerCredentials> credentials_;
  std::size_t releases_ = 0;
  std::optional<SteadyTime> origin_;  ///< of the times in the transcript: the first connection
  ServerRecord record_;
};

}  // namespace fallbackmx
