// LMTP over real sockets: the verifier and a scripted server on this machine.
#include <gtest/gtest.h>

#include "conf/config.h"
#include "probe/log.h"
#include "probe/metrics.h"
#include "probe/store.h"
#include "probe/stream.h"
#include "probe/verifier.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/temporary_directory.h"
#include "test/fake/wire_server.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

class LmtpTest : public testing::Test {
 protected:
  LmtpTest() {
    for (const auto* line : {"lmtp", "RCPT TO:<no*@*>   550 5.1.1 no such user"})
      EXPECT_TRUE(server->define(line));
  }

  Finding ask(const std::string& recipient, const std::string& next_hop) {
    return verifier.verify({.recipient = *Address::parse(recipient),
                            .next_hop = next_hop,
                            .deadline = clock.now() + settings->answer_timeout});
  }

  TemporaryDirectory directory;
  SystemClock clock;
  WireServer wire{clock};
  std::shared_ptr<ScriptedServer> server = std::make_shared<ScriptedServer>("mail.example.org");
  FakeResolver dns{clock};
  TcpStreamFactory streams;
  std::unique_ptr<Store> store = make_memory_store();
  Log log{[](LogLevel, std::string_view) {}, LogLevel::error};
  Metrics metrics;
  std::shared_ptr<const Settings> settings =
      read_config({"",
                   {},
                   {"myhostname=mail.example.org", "address_verify_map=memory:", "probe_catchall_time=0",
                    "smtp_tls_security_level=encrypt"}})
          .settings;
  Verifier verifier{{clock, dns, streams, *store, log, metrics}, settings};
};

TEST_F(LmtpTest, AUnixDomainSocketIsAsked) {
  const std::string socket = directory / "lmtp";
  wire.serve_unix(socket, server);
  const Finding no = ask("no@example.org", "lmtp:unix:" + socket);
  EXPECT_EQ(no.verdict, Verdict::undeliverable) << no.why;
  EXPECT_EQ(no.primary, "unix:" + socket);
  EXPECT_FALSE(no.from_mx);
  EXPECT_EQ(ask("yes@example.org", "lmtp:unix:" + socket).verdict, Verdict::deliverable);
  EXPECT_GE(server->record().count("LHLO mail.example.org"), 1U);
  EXPECT_EQ(server->record().count("EHLO *"), 0U);
}

TEST_F(LmtpTest, ATcpPortIsAsked) {
  const std::string next_hop = "lmtp:inet:127.0.0.1:" + std::to_string(wire.serve(server));
  const Finding no = ask("no@example.org", next_hop);
  EXPECT_EQ(no.verdict, Verdict::undeliverable) << no.why;
  EXPECT_EQ(ask("yes@example.org", next_hop).verdict, Verdict::deliverable);
}

TEST_F(LmtpTest, ASocketThatIsNotThereIsAPrimaryThatCannotBeAsked) {
  const Finding finding = ask("yes@example.org", "lmtp:unix:" + (directory / "nobody"));
  EXPECT_EQ(finding.verdict, Verdict::unavailable);
  EXPECT_NE(finding.why.find("No such file or directory"), std::string::npos) << finding.why;
}

}  // namespace
}  // namespace fallbackmx
