// Primaries that say whatever an input has them say, in memory and under virtual time; and what truly went
// over the wire, for those who judge what was made of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/wire/stream.h"
#include "test/fake/simulation.h"

namespace fallbackmx::fuzz {

/// What one connection saw. Replies are told apart by hand here, not by the parser under test.
struct WireRecord {
  struct Reply {
    SteadyTime at{};
    int code = 0;  ///< of all its lines; 0 when they disagree, or are no SMTP
    std::string text;
  };
  std::string server;                 ///< Endpoint::key()
  std::vector<std::string> commands;  ///< as received, without CR LF
  std::vector<Reply> replies;         ///< complete ones: the greeting, then one for each command
  std::size_t most_unanswered = 0;    ///< bytes that the client has read without a reply's being complete
  SteadyTime opened{}, closed{};      ///< by the client; it is open as long as `closed` is the epoch

  /// The code of the reply to a command; 0 as long as there is none.
  int reply_to(std::size_t command) const;
  /// How many commands there are before TLS: it never comes about with such servers, and what looks like a
  /// command or a reply from there on is none.
  std::size_t plain_commands() const;
};

/// A script is lines. One that begins a reply waits until one more command has come than it has replied to; a
/// connection begins with a greeting, which waits for none.
///
///     250-mx1.example.org     a line of a reply (the next one belongs to it because of the hyphen)
///     >line                   the same, whatever the line before was
///     :line                   at once: nobody waits for a command
///     +line                   as :, but in one piece with what follows
///     .bytes                  as +, without an end of line
///     ,line                   as :, but LF alone ends it
///     ~7                      seconds pass
///     !                       closes
///     ?                       resets
///     &line                   the line over and over
///     #                       what follows is for the next connection; `#!` refuses it, `#~` is a black hole
///
/// When the script ends the server says nothing more. One thread at a time makes connections: the
/// simulation's order is theirs. Outlives its streams.
class ScriptedNetwork final : public StreamFactory {
 public:
  ScriptedNetwork(Simulation& simulation, const std::vector<std::string_view>& script);
  ~ScriptedNetwork() override;
  ScriptedNetwork(const ScriptedNetwork&) = delete;
  ScriptedNetwork& operator=(const ScriptedNetwork&) = delete;

  std::unique_ptr<Stream> connect(const Endpoint& to) override;

  /// Of each connection, in the order in which they were made.
  std::vector<WireRecord> records() const;

 private:
  class Connection;

  Simulation& simulation_;
  std::vector<std::vector<std::string_view>> scripts_;  ///< one for each connection
  // Guarded by the simulation's lock:
  std::vector<std::shared_ptr<Connection>> connections_;
};

}  // namespace fallbackmx::fuzz
