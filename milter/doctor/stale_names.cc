#include "milter/doctor/stale_names.h"

#include <chrono>

#include "milter/control/control_client.h"
#include "milter/control/shown.h"

namespace fallbackmx {

std::vector<StaleFacts> stale_names(const std::string& control_socket) {
  std::vector<StaleFacts> names;
  if (control_socket.empty()) return names;
  ControlClient client(control_socket);
  const ControlReply reply = client.ask({.verb = Verb::status, .arguments = {}}, std::chrono::seconds(5));
  if (!reply.ok()) return names;
  for (const auto& each : member(member(reply.result, "dns"), "names"))
    names.push_back({shown(each, "name"), shown(each, "since"), shown(each, "why")});
  return names;
}

}  // namespace fallbackmx
