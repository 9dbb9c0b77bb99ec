#include "milter/doctor/mta_route.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(MtaRoute, IsWhatTrivialRewriteSays) {
  const TransportTable table = [](const std::string& name, const std::string& key) -> std::string {
    if (name == "inline:{ a=b }" && key == "example.org") return "relay:[mail.example.org]:2525\n";
    if (name == "hash:/transport" && key == "joe@example.net") return "lmtp:inet:store:24";
    if (name == "hash:/transport" && key == ".example.net") return "smtp:";
    if (name == "hash:/transport" && key == ".example.com") return "relay:mx.example.com";
    if (name == "hash:/transport" && key == "keep.example") return ":[mx1.keep.example]";
    if (name == "hash:/transport" && key == "*") return ":";
    if (name == "regexp:/transport" && key.find('@') == std::string::npos) return "error:partial key";
    return "";
  };
  const std::string relayed = "relay_domains = example.org, example.com\n";
  const struct {
    const char* name;
    std::string main;
    const char *recipient, *mailer, *next_hop;
  } rows[] = {
      {"not relayed", relayed, "u@example.net", "smtp", "example.net"},
      {"relayed", relayed, "u@example.org", "relay", "example.org"},
      {"a sub-domain", relayed, "u@a.example.org", "relay", "a.example.org"},
      {"of the machine", relayed + "mydestination = example.org\n", "u@example.org", "local", "example.org"},
      {"virtual mailboxes",
       "virtual_mailbox_domains = example.org\nvirtual_transport = lmtp:unix:private/lmtp\n", "u@example.org",
       "lmtp", "unix:private/lmtp"},
      {"virtual aliases", "virtual_alias_domains = example.org\ntransport_maps = hash:/transport\n",
       "u@example.org", "error", "user unknown"},
      {"a table", relayed + "transport_maps = inline:{ a=b }, hash:/transport\n", "u@example.org", "relay",
       "[mail.example.org]:2525"},
      {"a whole address", "transport_maps = hash:/transport\n", "Joe@example.net", "lmtp", "inet:store:24"},
      {"without a next hop", "transport_maps = hash:/transport\nrelayhost = [smart.example]\n",
       "u@a.example.net", "smtp", "a.example.net"},
      {"without a transport", "relay_domains = keep.example\ntransport_maps = hash:/transport\n",
       "u@keep.example", "relay", "[mx1.keep.example]"},
      {"a parent's row", relayed + "transport_maps = hash:/transport\n", "u@a.b.example.com", "relay",
       "mx.example.com"},
      {"everybody's row", relayed + "transport_maps = hash:/transport\n", "u@example.org", "relay",
       "example.org"},
      {"patterns are asked about whole addresses", relayed + "transport_maps = regexp:/transport\n",
       "u@example.org", "relay", "example.org"},
      {"a relayhost", relayed + "relay_transport = relay\nrelayhost = [smart.example]\n", "u@example.org",
       "relay", "[smart.example]"},
      {"the transport's own", relayed + "relay_transport = relay:[in.example]\nrelayhost = [smart.example]\n",
       "u@example.org", "relay", "[in.example]"},
  };
  for (const auto& row : rows) {
    const MtaRoute route =
        postfix_route(parse_postfix_facts(row.main, "", ""), *Address::parse(row.recipient), table);
    EXPECT_EQ(route.mailer, row.mailer) << row.name;
    EXPECT_EQ(route.next_hop, row.next_hop) << row.name;
    EXPECT_EQ(route.by_relayhost, route.next_hop == "[smart.example]") << row.name;
  }
}

}  // namespace
}  // namespace fallbackmx
