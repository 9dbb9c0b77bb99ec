// What happened at a scripted server.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"

namespace fallbackmx {

/// A value.
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

/// Written by a server's sessions, read by tests. Used by all threads at once.
class ServerJournal {
 public:
  ServerRecord record() const;
  std::size_t at_once() const;

  void knocked();
  struct Place {
    std::size_t number;   ///< of the session, from 1
    std::size_t at_once;  ///< with it
  };
  Place opened(SteadyTime now);
  void left();

  /// As the session that received it knows it.
  struct Command {
    std::string text, verb;
    bool unoffered = false;         ///< sent ahead without the server's leave
    bool second_recipient = false;  ///< of its transaction
  };
  void received(const Command& command);
  void tls_established();
  void hung_up();

  /// A line of the transcript: 'C' and 'S' speak, '-' is what else happened.
  void note(std::size_t session, SteadyTime at, char who, std::string_view text);

 private:
  mutable std::mutex mutex_;  ///< protects what follows
  ServerRecord record_;
  std::optional<SteadyTime> origin_;  ///< of the times in the transcript: the first connection
};

}  // namespace fallbackmx
