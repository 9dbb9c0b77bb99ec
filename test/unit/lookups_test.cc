#include "probe/dns/lookups.h"

#include <gtest/gtest.h>

#include "test/unit/steady_start.h"

namespace fallbackmx {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime deadline = steady_start + seconds(4);

DnsAnswer with_address(const char* address) {
  DnsAnswer answer;
  answer.status = DnsAnswer::Status::ok;
  answer.addresses = {boost::asio::ip::make_address(address)};
  return answer;
}

DnsAnswer without_address() {
  DnsAnswer answer;
  answer.status = DnsAnswer::Status::no_data;
  return answer;
}

const std::vector<Lookup> two_hosts = {{"mx1.example.org", RecordType::a},
                                       {"mx1.example.org", RecordType::aaaa},
                                       {"mx2.example.org", RecordType::a},
                                       {"mx2.example.org", RecordType::aaaa}};

TEST(Lookups, AddressesOfOneKindLeaveThoseOfTheOtherFiftyMilliseconds) {
  for (const std::size_t first : {0u, 1u}) {
    Lookups lookups(two_hosts, deadline);
    lookups.begin(first, steady_start);
    const Patience& other = lookups.begin(1 - first, steady_start);
    const Patience& next_host = lookups.begin(2, steady_start);
    EXPECT_EQ(other.end(), deadline);
    EXPECT_EQ(other.next_look(steady_start), steady_start + Patience::look_again);
    lookups.end(first, with_address("192.0.2.1"), steady_start + milliseconds(10));
    EXPECT_EQ(other.end(), steady_start + milliseconds(60));
    EXPECT_TRUE(other.shortened());
    EXPECT_EQ(next_host.end(), deadline);
  }
}

TEST(Lookups, WhoBeginsLaterHasTheFiftyMillisecondsFromThen) {
  Lookups lookups(two_hosts, deadline);
  lookups.begin(0, steady_start);
  lookups.end(0, with_address("192.0.2.1"), steady_start + milliseconds(10));
  EXPECT_EQ(lookups.begin(1, steady_start + seconds(1)).end(), steady_start + milliseconds(1050));
}

TEST(Lookups, AHostWithoutAddressesOfOneKindNeedsThoseOfTheOther) {
  Lookups lookups(two_hosts, deadline);
  lookups.begin(0, steady_start);
  const Patience& other = lookups.begin(1, steady_start);
  lookups.end(0, without_address(), steady_start + milliseconds(10));
  EXPECT_EQ(other.end(), deadline);
}

TEST(Lookups, ThePartOfAPatienceEndsWithTheWhole) {
  Patience whole(deadline);
  const Patience part(whole, steady_start + seconds(2));
  EXPECT_EQ(part.end(), steady_start + seconds(2));
  whole.shorten(steady_start + seconds(1));
  EXPECT_EQ(part.end(), steady_start + seconds(1));
  whole.shorten(steady_start + seconds(3));
  EXPECT_EQ(whole.end(), steady_start + seconds(1)) << "it is never lengthened";
}

}  // namespace
}  // namespace fallbackmx
