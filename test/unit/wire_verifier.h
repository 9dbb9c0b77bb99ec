// A verifier and scripted servers on this machine, with real sockets and real time between them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "conf/config.h"
#include "probe/base/log.h"
#include "probe/base/metrics.h"
#include "probe/store/store.h"
#include "probe/verifier/verifier.h"
#include "probe/wire/stream.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/wire_server.h"

namespace fallbackmx {

struct WireVerifier {
  /// With these lines of milter.conf.
  explicit WireVerifier(std::vector<std::string> lines) : settings(settings_of(std::move(lines))) {}

  Finding ask(const std::string& recipient, const std::string& next_hop) {
    return verifier.verify({.recipient = *Address::parse(recipient),
                            .next_hop = next_hop,
                            .deadline = clock.now() + settings->answer_timeout});
  }

  static std::shared_ptr<const Settings> settings_of(std::vector<std::string> lines) {
    for (const char* line :
         {"myhostname=mail.example.org", "address_verify_map=memory:", "probe_catchall_time=0"})
      lines.insert(lines.begin(), line);
    const Config config = read_config({"", {}, std::move(lines)});
    EXPECT_TRUE(config.settings) << config.errors.front();
    return config.settings;
  }

  static std::shared_ptr<ScriptedServer> server_with(const std::vector<std::string>& script) {
    auto server = std::make_shared<ScriptedServer>("mx.example.org");
    for (const auto& line : script) EXPECT_TRUE(server->define(line)) << line;
    return server;
  }

  std::shared_ptr<const Settings> settings;
  SystemClock clock;
  WireServer wire{clock};
  FakeResolver dns{clock};
  TcpStreamFactory streams;
  std::unique_ptr<Store> store = make_memory_store();
  Log log{[](LogLevel, std::string_view) {}, LogLevel::error};
  Metrics metrics;
  LoopThread loop{clock};
  Verifier verifier{{clock, dns, streams, *store, log, metrics, loop}, settings};
};

}  // namespace fallbackmx
