// How a session begins, where a scenario cannot say it: with tables.
#include "probe/smtp/opening.h"

#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"
#include "test/unit/wire_verifier.h"

namespace fallbackmx {
namespace {

/// The TLS level that is reached with a server that offers STARTTLS, with these lines of milter.conf.
std::string level_with(std::vector<std::string> lines) {
  WireVerifier here(std::move(lines));
  const auto port = here.wire.serve(WireVerifier::server_with({"starttls"}));
  const Finding finding = here.ask("yes@example.org", "[127.0.0.1]:" + std::to_string(port));
  EXPECT_EQ(finding.verdict, Verdict::deliverable) << finding.why;
  return std::string(finding.tls);
}

TEST(Opening, ARowForTheServersAddressOutranksTheListOfDiscardedKeywords) {
  const TemporaryFile other("127.0.0.2 starttls\n"), nothing("127.0.0.1 silent-discard\n"),
      starttls("127.0.0.1 StartTLS\n");
  const std::string list = "smtp_discard_ehlo_keywords=starttls",
                    maps = "smtp_discard_ehlo_keyword_address_maps=texthash:";
  EXPECT_EQ(level_with({}), "may");
  EXPECT_EQ(level_with({list}), "none");
  EXPECT_EQ(level_with({maps + starttls.path()}), "none");
  EXPECT_EQ(level_with({maps + other.path()}), "may");
  EXPECT_EQ(level_with({list, maps + other.path()}), "none");
  EXPECT_EQ(level_with({list, maps + nothing.path()}), "may");
}

}  // namespace
}  // namespace fallbackmx
