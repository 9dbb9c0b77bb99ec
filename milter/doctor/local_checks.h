// What is wrong on this machine itself: the milter's socket and its memory. Pure: facts in, ailments out.
#pragma once

#include <string>
#include <vector>

#include "conf/grammar/milter_socket.h"
#include "milter/doctor/ailment.h"

namespace fallbackmx {

struct SocketFacts {
  MilterSocket socket;    ///< spelled out
  bool there = true;      ///< a path: that is a socket
  std::string silence{};  ///< why nobody accepts a connection: "Connection refused"; empty when somebody does
  std::string mta_user{};  ///< who must reach it; empty when there is no such user
  std::string kept_out{};  ///< why he cannot, see why_unreachable()
};
Ailments socket_ailments(const SocketFacts&);

struct StateFacts {
  std::string file;            ///< of address_verify_map; empty when nothing is kept in one
  std::string user{};          ///< of the daemon
  std::string not_writable{};  ///< why he cannot write it, see why_not_writable(); empty when he can
};
Ailments state_ailments(const StateFacts&);

struct BindFacts {
  std::vector<std::string> troubles;  ///< of bind_troubles()
};
Ailments bind_ailments(const BindFacts&);

}  // namespace fallbackmx
