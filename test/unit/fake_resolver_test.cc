#include "test/fake/fake_resolver.h"

#include <gtest/gtest.h>

#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

using std::chrono::seconds;
using Status = DnsAnswer::Status;

TEST(FakeResolver, AnswersWhatItWasGiven) {
  FakeResolver dns{FakeResolver::Wait()};
  for (const auto* line :
       {"Example.org MX 10 mx1.example.org.", "example.org AD", "www.example.org CNAME mx1.example.org",
        "mx1.example.org A 192.0.2.1", "mx1.example.org AAAA 2001:db8::1", "null.example MX 0 .",
        "_25._tcp.mx1.example.org TLSA 3 1 1 0a0b", "loop.example CNAME loop.example",
        "broken.example SERVFAIL", "half.example A 192.0.2.2", "half.example SERVFAIL MX"}) {
    dns.add(line);
  }
  const auto ask = [&](const char* name, RecordType type) { return dns.lookup(name, type, {}); };
  EXPECT_EQ(ask("EXAMPLE.ORG", RecordType::mx).mx, (std::vector<MxRecord>{{10, "mx1.example.org"}}));
  EXPECT_TRUE(ask("example.org", RecordType::mx).authentic);
  EXPECT_EQ(ask("www.example.org", RecordType::a).canonical, "mx1.example.org");
  EXPECT_EQ(ask("mx1.example.org", RecordType::aaaa).addresses.size(), 1u);
  EXPECT_EQ(ask("null.example", RecordType::mx).mx[0].host, "");
  EXPECT_EQ(ask("_25._tcp.mx1.example.org", RecordType::tlsa).tlsa[0].data, "\x0a\x0b");
  EXPECT_EQ(ask("example.org", RecordType::a).status, Status::no_data);
  EXPECT_EQ(ask("_tcp.mx1.example.org", RecordType::a).status, Status::no_data)
      << "a name between two names exists";
  EXPECT_EQ(ask("gone.example", RecordType::a).status, Status::nx_domain);
  EXPECT_EQ(ask("loop.example", RecordType::a).status, Status::nx_domain);
  EXPECT_EQ(ask("broken.example", RecordType::a).status, Status::temporary);
  EXPECT_EQ(ask("half.example", RecordType::mx).status, Status::temporary);
  EXPECT_EQ(ask("half.example", RecordType::a).status, Status::ok);
  EXPECT_EQ(dns.questions("half.example"), 2u);
  dns.remove("half.example");
  EXPECT_EQ(ask("half.example", RecordType::a).status, Status::nx_domain);
}

TEST(FakeResolver, ALineItDoesNotUnderstandIsAnError) {
  FakeResolver dns{FakeResolver::Wait()};
  for (const auto* line : {"", "example.org", "example.org PTR a.example", "example.org A nonsense",
                           "example.org MX 10", "example.org SERVFAIL PTR"}) {
    EXPECT_THROW(dns.add(line), std::invalid_argument) << line;
  }
}

TEST(FakeResolver, ATimeoutLastsUntilTheDeadlineInVirtualTime) {
  Simulation time;
  FakeResolver dns(time);
  dns.add("slow.example TIMEOUT");
  const auto answer = dns.lookup("slow.example", RecordType::mx, time.now() + seconds(3600));
  EXPECT_EQ(answer.status, Status::temporary);
  EXPECT_EQ(time.elapsed(), seconds(3600));
}

TEST(FakeResolver, ATimeoutOfOneKindOfAddressesLastsAsLongAsTheRealOneWaits) {
  Simulation time;
  FakeResolver dns(time);
  dns.add("mx1.example TIMEOUT AAAA");
  dns.add("mx1.example A 192.0.2.1");
  const std::vector<Lookup> both = {{"mx1.example", RecordType::a}, {"mx1.example", RecordType::aaaa}};
  EXPECT_EQ(dns.lookup_all(both, time.now() + seconds(3600))[0].status, Status::ok);
  EXPECT_EQ(time.elapsed(), resolution_delay);
}

}  // namespace
}  // namespace fallbackmx
