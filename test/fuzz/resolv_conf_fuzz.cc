#include "probe/dns/resolv_conf.h"

#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

void resolv_conf(std::string_view input) {
  const ResolvConf conf = parse_resolv_conf(input);
  require(!conf.servers.empty() && conf.servers.size() <= 8, "there is somebody to ask");
  require(conf.timeout > std::chrono::milliseconds(0) && conf.timeout <= std::chrono::seconds(30),
          "a timeout is within bounds");
  require(conf.attempts >= 1 && conf.attempts <= 5, "attempts are within bounds");
  for (const auto& server : conf.servers) {
    // An interface that is not there may be any number.
    if (server.address.is_v6() && server.address.to_v6().scope_id() != 0) continue;
    const auto again = parse_name_server(server.text());
    require(again && *again == server, "a server's text is read as the same server");
  }
}

}  // namespace fallbackmx::fuzz
