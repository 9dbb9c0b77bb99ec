// LMTP over real sockets: the verifier and a scripted server on this machine.
#include <gtest/gtest.h>

#include "test/fake/temporary_directory.h"
#include "test/unit/wire_verifier.h"

namespace fallbackmx {
namespace {

class LmtpTest : public testing::Test {
 protected:
  TemporaryDirectory directory;
  // The level is for SMTP; the name is that of both, which is no loop.
  WireVerifier here{{"myhostname=mx.example.org", "smtp_tls_security_level=encrypt"}};
  std::shared_ptr<ScriptedServer> server =
      WireVerifier::server_with({"lmtp", "RCPT TO:<no*@*>   550 5.1.1 no such user"});
};

TEST_F(LmtpTest, AUnixDomainSocketIsAsked) {
  const std::string socket = directory / "lmtp";
  here.wire.serve_unix(socket, server);
  const Finding no = here.ask("no@example.org", "lmtp:unix:" + socket);
  EXPECT_EQ(no.verdict, Verdict::undeliverable) << no.why;
  EXPECT_EQ(no.primary, "unix:" + socket);
  EXPECT_FALSE(no.from_mx);
  EXPECT_EQ(here.ask("yes@example.org", "lmtp:unix:" + socket).verdict, Verdict::deliverable);
  EXPECT_GE(server->record().count("LHLO mx.example.org"), 1U);
  EXPECT_EQ(server->record().count("EHLO *"), 0U);
}

TEST_F(LmtpTest, ATcpPortIsAsked) {
  const std::string next_hop = "lmtp:inet:127.0.0.1:" + std::to_string(here.wire.serve(server));
  const Finding no = here.ask("no@example.org", next_hop);
  EXPECT_EQ(no.verdict, Verdict::undeliverable) << no.why;
  EXPECT_EQ(here.ask("yes@example.org", next_hop).verdict, Verdict::deliverable);
}

TEST_F(LmtpTest, ASocketThatIsNotThereIsAPrimaryThatCannotBeAsked) {
  const Finding finding = here.ask("yes@example.org", "lmtp:unix:" + (directory / "nobody"));
  EXPECT_EQ(finding.verdict, Verdict::unavailable);
  EXPECT_NE(finding.why.find("No such file or directory"), std::string::npos) << finding.why;
}

}  // namespace
}  // namespace fallbackmx
