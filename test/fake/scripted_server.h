// A primary made of a script: the SMTP server's side of a dialogue, without any I/O. The same script runs in
// memory under virtual time and over sockets.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "test/fake/server_journal.h"
#include "test/fake/server_rule.h"

namespace fallbackmx {

class ServerCredentials;

/// One host: its script, which may change while it runs, and its journal. A server without a script behaves
/// like a healthy Postfix that accepts every recipient. Script lines, first match wins:
///
///     greet      220 mx1 ESMTP               what is said first
///     EHLO *     250-mx1 | 250 PIPELINING    commands, see ServerRule
///     starttls                               offer it; `starttls abort`, `alert`, `inject`, `garbage`, `cert
///     NAME` wrapped                                TLS from the first byte on; `wrapped cert NAME` lmtp says
///     LHLO, and knows neither EHLO nor HELO (RFC 2033) errors 10  stall 1s                    once it has
///     said so many 4xx and 5xx in a session after 30   421 4.7.0 enough   close    once it has answered so
///     many commands max-connections 2   421 4.7.0 busy     beyond so many at once max-connections 2   refuse
///     does not even accept them refuse                                 no service drop a black hole hang
///     accepts, and says nothing accept                                 back to normal release lets go of
///     what `hold` held
///
/// `refuse` also ends the connections that stand. Whoever carries the bytes looks again at all sessions after
/// a change. Used by all threads at once.
class ScriptedServer {
 public:
  enum class State { accept, refuse, drop, hang };
  enum class TlsFault { none, abort, alert, inject, garbage };
  struct Tls {
    bool offered = false;
    bool wrapped = false;
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
  ServerRecord record() const { return journal_.record(); }

  /// What becomes of a client that knocks now.
  State knock();
  State state() const;

  // For its sessions:

  ServerJournal& journal() { return journal_; }
  /// To one more client, when there are so many at once with him.
  ServerReply greeting(std::size_t at_once);
  /// From the script, or as a healthy Postfix; before limit().
  ServerReply reply_to(std::string_view command, bool pipelined, bool in_tls);
  /// Changes a reply by the limits of a session that has said so many 4xx and 5xx before it, and answered so
  /// many commands.
  void limit(ServerReply& reply, std::size_t errors, std::size_t answered) const;
  /// How often what `hold` held was let go.
  std::size_t releases() const;

 private:
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
  bool speaks_lmtp() const;
  std::vector<std::string> by_default(const std::string& verb, bool in_tls) const;

  const std::string name_;
  ServerJournal journal_;
  mutable std::mutex mutex_;  ///< protects what follows
  std::vector<ServerRule> rules_;
  std::vector<Limit> errors_, commands_;
  std::optional<Limit> connections_;
  State state_ = State::accept;
  bool lmtp_ = false;
  Tls tls_;
  std::shared_ptr<const ServerCredentials> credentials_;
  std::size_t releases_ = 0;
};

}  // namespace fallbackmx
