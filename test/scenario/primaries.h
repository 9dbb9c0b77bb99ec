// The servers of a scenario: who they are, what they counted, and how the clients behaved towards them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test/fake/scripted_server.h"
#include "test/scenario/scenario.h"

namespace fallbackmx {

/// Filled before the scenario begins; afterwards used by all threads at once.
class Primaries {
 public:
  /// Errors of its script as `line: text`, none when it is understood.
  std::vector<std::pair<std::size_t, std::string>> add(const Scenario::Server& described);

  /// By its name or the first label of it; null if there is none.
  std::shared_ptr<ScriptedServer> named(const std::string& name) const;
  /// What a server counted: connections, knocks, rcpts, ...; 0 for a server that is not there.
  std::size_t counted(const Count& count) const;
  /// True when nobody is connected.
  bool alone() const;

  /// What no client may do, whatever the script: a sentence for each time it was done.
  std::vector<std::string> bad_manners(std::size_t most_sessions, bool hangups_allowed) const;
  /// All dialogues, for people.
  std::string story() const;

 private:
  std::vector<std::shared_ptr<ScriptedServer>> servers_;
};

}  // namespace fallbackmx
