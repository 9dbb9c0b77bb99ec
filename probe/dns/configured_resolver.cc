#include "probe/dns/configured_resolver.h"

#include "probe/dns/dns_resolver.h"
#include "probe/dns/resolv_conf.h"

namespace fallbackmx {

std::unique_ptr<Resolver> make_resolver(const Settings& settings, Loop& loop, Log* log) {
  NameServers servers;
  if (settings.resolver.empty()) {
    const auto file = std::make_shared<ResolvConfFile>("/etc/resolv.conf", loop.clock());
    servers = [file] { return file->current(); };
  } else {
    const auto fixed = std::make_shared<ResolvConf>();
    for (const auto& item : settings.resolver) {
      if (auto server = parse_name_server(item)) fixed->servers.push_back(*server);
    }
    servers = [fixed]() -> std::shared_ptr<const ResolvConf> { return fixed; };
  }
  const auto trust = [networks = settings.trusted_resolver](const IpAddress& server) {
    return networks.contains(server);
  };
  const auto say = [log](const NameServer& server) {
    if (log == nullptr) return;
    log->warning(
        "name server " + server.text() +
        " does not answer questions with EDNS (RFC 6891), and is asked without; if its answers are not "
        "marked as validated (AD) then, DANE (smtp_tls_security_level = dane) finds no signed domains");
  };
  return std::make_unique<DnsResolver>(loop, std::move(servers), trust, say);
}

}  // namespace fallbackmx
