// One SMTP session with a primary: serves its destination until it is idle, at its limits, or in trouble.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "probe/primary/destination.h"
#include "probe/smtp/interview.h"
#include "probe/smtp/opening.h"

namespace fallbackmx {

/// One coroutine on the loop, from its beginning to its end. Connects, waits for probes
/// and replies together, and leaves with QUIT whenever the server may be listening. What is asked, and what
/// replies mean, is the Interview's.
class Session {
 public:
  Session(Engine& engine, Destination& destination, Destination::Slot& slot);
  /// Gives back what was not answered.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Task<> run();

 private:
  Task<> serve();
  Task<bool> on_bytes();
  void fell_silent();
  void ask_anew();
  void refused_unproven(const std::shared_ptr<Probe>& probe, std::string_view why);
  void die(std::string_view trouble);
  void ask_elsewhere(std::vector<std::shared_ptr<Probe>> probes);
  Task<> quit();

  Engine& engine_;
  Destination& destination_;
  Servers& servers_;
  Destination::Slot& slot_;
  const std::shared_ptr<const Settings> settings_;
  Opened opened_;
  std::optional<Interview> interview_;  ///< as soon as the session stands
  bool silent_ = false;                 ///< it owes a reply for too long
  bool over_ = false;                   ///< there is nobody to say QUIT to any more
};

}  // namespace fallbackmx
