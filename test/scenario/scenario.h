// A scenario: a small world of domains and primaries, and what happens in it to which recipients. The
// language is described in README.md beside this file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "probe/base/result.h"
#include "test/fake/words.h"

namespace fallbackmx {

/// A number that the world counts, and what it is expected to be: `rcpts mx1 no@example.org = 2`.
struct Count {
  std::string what;                ///< connections, knocks, rcpts, log, ...
  std::vector<std::string> about;  ///< server, address, pattern, text: as many as `what` needs
  std::string relation;            ///< =, <= or >=
  std::size_t number = 0;
};

/// One RCPT TO, or several at once, and the answer that is expected.
struct RcptStep {
  std::string recipient, sender, client = "203.0.113.9", mailer = "relay", next_hop;
  std::optional<std::string> helo;
  bool authenticated = false;
  std::size_t times = 1;

  int code = 0;     ///< 0: continue
  std::string dsn;  ///< empty: any
  /// By name: source, cause, stage, remembered, by, text, why, primary, tls. What is not named may be
  /// anything.
  std::map<std::string, std::string> wanted;
  std::optional<Span> within, least;
  bool unverified = false, alarm = false;  ///< must be so; else may be
  std::vector<Count> counts;               ///< looked at when the answer is there
};

struct ServerStep {
  std::string server, line;
};
struct ZoneStep {
  std::string record;  ///< a line for the fake resolver
  bool gone = false;   ///< the name disappears instead
};
struct SetStep {
  std::string assignment;  ///< name=value
};
struct DnsStep {
  enum class Mood { well, silent, failing } mood = Mood::well;
};
/// What is remembered about an address is lost, or made up.
struct MemoryStep {
  enum class What { forget, yes, no } what = What::forget;
  std::string address;
};
struct ClockStep {
  Span jump{0};  ///< of the wall clock
};
struct ExpectStep {
  std::vector<Count> counts;
};

struct Step {
  std::size_t line = 0;
  Span at{0};
  std::variant<RcptStep, ServerStep, ZoneStep, SetStep, DnsStep, MemoryStep, ClockStep, ExpectStep> what;
};

/// A value.
struct Scenario {
  enum class Allowance { hangups, strays };

  std::string file;  ///< as errors name it
  std::string name;
  bool in_memory_only = false;
  Span round_trip = std::chrono::milliseconds(10);
  std::vector<Allowance> allowances;
  std::vector<std::string> settings;  ///< name=value
  std::vector<std::pair<std::size_t, std::string>> zone;
  struct Server {
    std::string name;
    std::uint16_t port = 25;
    std::vector<std::pair<std::size_t, std::string>> lines;
  };
  std::vector<Server> servers;
  std::vector<Step> steps;  ///< in order of time, and of the file

  /// The error has all errors, one a line: `file:12: ...`.
  static Result<Scenario> parse(const std::string& file, std::string_view text);
};

}  // namespace fallbackmx
