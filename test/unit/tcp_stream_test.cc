#include <gtest/gtest.h>

#include "probe/wire/stream.h"

#include "test/unit/ip.h"

namespace fallbackmx {
namespace {

/// Nobody listens there.
const Endpoint nobody{"mx1.example.org", ip("127.0.0.1"), 1};

TEST(TcpStream, AnAddressThatCannotBeHadIsRemarkedUponAndTheConnectionMadeWithout) {
  TcpStreamFactory streams({.v4 = {ip("192.0.2.77"), "smtp_bind_address"}});
  const auto stream = streams.connect(nobody);
  EXPECT_EQ(stream->remark(),
            "smtp_bind_address = 192.0.2.77: Cannot assign requested address; probes come from "
            "another address of this machine");
  IoResult result = stream->connected();
  while (result.status == IoResult::Status::would_block) result = stream->connected();
  EXPECT_EQ(result.status, IoResult::Status::failed);
  EXPECT_EQ(result.why, "Connection refused") << "it was tried";
  EXPECT_FALSE(result.ours);
}

TEST(TcpStream, WithAnEnforcedOneThereIsNoConnectionAndTheServerIsNotToBlame) {
  TcpStreamFactory streams({.v4 = {ip("192.0.2.77"), "smtp_bind_address", true}});
  const auto stream = streams.connect(nobody);
  EXPECT_EQ(stream->remark(), "");
  const IoResult result = stream->connected();
  EXPECT_EQ(result.status, IoResult::Status::failed);
  EXPECT_TRUE(result.ours);
  EXPECT_EQ(result.why,
            "smtp_bind_address = 192.0.2.77: Cannot assign requested address; no primary is asked from "
            "another address (smtp_bind_address_enforce = yes)");
}

TEST(TcpStream, AnAddressThatIsOursIsUsedInSilence) {
  TcpStreamFactory streams({.v4 = {ip("127.0.0.1"), "smtp_bind_address", true}});
  const auto stream = streams.connect(nobody);
  EXPECT_EQ(stream->remark(), "");
  EXPECT_FALSE(stream->connected().ours);
}

}  // namespace
}  // namespace fallbackmx
