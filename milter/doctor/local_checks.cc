#include "milter/doctor/local_checks.h"

#include <fmt/format.h>

#include <filesystem>

namespace fallbackmx {

namespace {

constexpr auto start = "systemctl start fallbackmx, and journalctl -u fallbackmx if it does not stay";

}  // namespace

Ailments socket_ailments(const SocketFacts& facts) {
  const std::string name = facts.socket.for_libmilter();
  if (!facts.there)
    return {{"daemon-not-running", "the milter's socket " + name + " is not there: the daemon does not run",
             start}};
  Ailments ailments;
  if (!facts.silence.empty()) {
    ailments.push_back({"daemon-not-running",
                        fmt::format("nobody listens on the milter's socket {}: {}", name, facts.silence),
                        start});
  }
  if (!facts.kept_out.empty()) {
    ailments.push_back(
        {"socket-permissions", "Postfix cannot reach the milter's socket: " + facts.kept_out,
         fmt::format("chgrp {0} {1} && chmod 2750 {1}, milter_socket_mode = 0660 in milter.conf, "
                     "systemctl restart fallbackmx",
                     facts.mta_user, std::filesystem::path(facts.socket.path).parent_path().string())});
  }
  return ailments;
}

Ailments state_ailments(const StateFacts& facts) {
  if (facts.file.empty() || facts.not_writable.empty()) return {};
  return {{"memory-not-writable",
           fmt::format("nothing is remembered beyond a restart: {} (address_verify_map)", facts.not_writable),
           fmt::format("install -d -o {0} -g {0} -m 0750 {1} && systemctl restart fallbackmx", facts.user,
                       std::filesystem::path(facts.file).parent_path().string())}};
}

Ailments bind_ailments(const BindFacts& facts) {
  Ailments ailments;
  for (const std::string& trouble : facts.troubles) {
    ailments.push_back({"bind-address", trouble,
                        fmt::format("an address of this machine, or nothing, for {} in milter.conf; "
                                    "systemctl restart fallbackmx",
                                    trouble.substr(0, trouble.find(' ')))});
  }
  return ailments;
}

}  // namespace fallbackmx
