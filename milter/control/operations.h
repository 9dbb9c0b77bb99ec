// What the daemon answers to each verb of the operator's command.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "milter/control/control_message.h"
#include "milter/control/control_socket.h"
#include "milter/session/recent_verdicts.h"
#include "milter/setup/configuration.h"
#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/primary/primary_state.h"
#include "probe/store/store.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// What the operations look at; all of it lives longer than they do, and may be used by many threads at once.
struct OperationsServices {
  Clock& clock;
  Log& log;
  Store& store;
  Configuration& configuration;
  std::function<Finding(const Question&)> verify;
  std::function<std::vector<PrimaryState>()> primaries;
  std::function<void(const std::string& key, Verifier::Wish)> steer;
  const RecentVerdicts& recent;
  std::string milter_socket;                              ///< as libmilter has it
  std::function<bool()> ready;                            ///< whether clients are served
  WallTime started{};                                     ///< the daemon
  std::function<std::vector<StaleName>()> stale_names{};  ///< none: not known
};

/// Used by all threads of the control socket at once. The shapes of the results are in fallbackmx(1)'s
/// --json: members are added, but not renamed.
class Operations {
 public:
  explicit Operations(OperationsServices services) : services_(std::move(services)) {}

  /// A line of a request in, the line of the reply out; see control_message.h. Trouble of ours becomes a
  /// reply, too.
  std::string answer(std::string_view line, const ControlPeer&) const;

 private:
  ControlReply answer(const ControlRequest&) const;
  ControlReply status() const;
  ControlReply health() const;
  ControlReply reload() const;
  ControlReply config(const ControlRequest&) const;
  ControlReply steer(const ControlRequest&, Verifier::Wish) const;

  const OperationsServices services_;
};

}  // namespace fallbackmx
