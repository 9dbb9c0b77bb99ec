// The front door of the probe module: does this recipient exist?
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "probe/primary/activity.h"
#include "probe/primary/primary_state.h"
#include "probe/primary/services.h"
#include "probe/verifier/question.h"
#include "probe/verifier/stale_resolver.h"

namespace fallbackmx {

/// Used by many threads at once. Blocks the caller until there is an answer or the deadline has come; probes
/// go on in a thread of its own, and what they learn is stored.
class Verifier {
 public:
  Verifier(Services services, std::shared_ptr<const Settings> settings);
  /// Ends all sessions with QUIT, waits for that, answers whoever still waits with `late`.
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  Finding verify(const Question&);
  /// The recipient of this finding was accepted, though nobody could say whether it exists. Does not wait.
  void accepted_unverified(const Finding&);

  /// The servers of all destinations in use, each once, by name. Costs too much for every question.
  std::vector<PrimaryState> primaries() const;
  Activity activity() const;
  /// For lookups about domains that we relay, as for its own: the last good answers outlive their time.
  /// Lives as long as the verifier.
  Resolver& relayed_names();
  /// The names for which such answers are used now, the latest first.
  std::vector<StaleName> stale_names() const;
  /// What an operator wants of a server (PrimaryState::key), for all destinations that have it. Disabled: it
  /// is not asked from now on, and counts as down, until it is enabled or the process ends. Reset: its
  /// failures are forgotten, and whoever comes next may find it well.
  enum class Wish { disable, enable, reset };
  void steer(const std::string& key, Wish wish);

  /// From now on; sessions in progress end as soon as they are idle.
  void reload(std::shared_ptr<const Settings> settings);
  /// Everybody who waits is answered `late` at once, and so is everybody who asks from now on.
  void drain();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fallbackmx
