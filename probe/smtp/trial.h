// The trial of a server that is down, while another one of its destination answers.
#pragma once

#include "probe/primary/destination.h"

namespace fallbackmx {

/// One coroutine on the loop, from its beginning to its end. Connects, goes as far as MAIL,
/// and leaves with QUIT. It takes no probe, so that nobody waits for it; any complete reply to MAIL but 421
/// shows that the server is up again. Uses up the server's turn, whatever comes of it: what its TLS policy
/// needs of the DNS may be missing before there is a connection, and must not be asked for in a loop.
class Trial {
 public:
  Trial(Engine& engine, Destination& destination, Destination::Slot& slot)
      : engine_(engine), destination_(destination), slot_(slot) {}

  Task<> run();

 private:
  Engine& engine_;
  Destination& destination_;
  Destination::Slot& slot_;
};

}  // namespace fallbackmx
