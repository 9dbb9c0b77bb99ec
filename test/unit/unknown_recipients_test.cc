#include "milter/rules/unknown_recipients.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

std::optional<IpAddress> client(const std::string& text) { return boost::asio::ip::make_address(text); }

class UnknownRecipientsTest : public testing::Test {
 protected:
  UnknownRecipientsTest() {
    settings.client_unknown_recipient_limit = 3;
    settings.client_unknown_recipient_time = Seconds(3600);
  }
  void guess(const std::string& address, int times) {
    for (int i = 0; i < times; ++i) guesses.count(client(address), now, settings);
  }
  bool may_ask(const std::string& address) { return guesses.may_ask(client(address), now, settings); }

  Settings settings;
  UnknownRecipients guesses;
  SteadyTime now = SteadyTime() + 100h;
};

TEST_F(UnknownRecipientsTest, WhoGuessesTooOftenIsNotAskedForAnyMore) {
  guess("192.0.2.1", 2);
  EXPECT_TRUE(may_ask("192.0.2.1"));
  guess("192.0.2.1", 1);
  EXPECT_FALSE(may_ask("192.0.2.1"));
  EXPECT_TRUE(may_ask("192.0.2.2")) << "another client";
}

TEST_F(UnknownRecipientsTest, ItIsOverAfterTheTimeFromTheFirst) {
  guess("192.0.2.1", 1);
  now += 59min;
  guess("192.0.2.1", 5);
  EXPECT_FALSE(may_ask("192.0.2.1"));
  now += 1min;
  EXPECT_TRUE(may_ask("192.0.2.1"));
  guess("192.0.2.1", 2);
  EXPECT_TRUE(may_ask("192.0.2.1")) << "it counts anew";
}

TEST_F(UnknownRecipientsTest, AnIpv6ClientIsItsNetwork) {
  guess("2001:db8::1", 2);
  guess("2001:db8::ffff:1", 1);
  EXPECT_FALSE(may_ask("2001:db8::2"));
  EXPECT_TRUE(may_ask("2001:db8:0:1::2"));
}

TEST_F(UnknownRecipientsTest, WithoutALimitOrAnAddressNothingIsCounted) {
  settings.client_unknown_recipient_limit = 0;
  guess("192.0.2.1", 1000);
  EXPECT_TRUE(may_ask("192.0.2.1"));
  settings.client_unknown_recipient_limit = 1;
  guesses.count(std::nullopt, now, settings);
  EXPECT_TRUE(guesses.may_ask(std::nullopt, now, settings));
}

TEST_F(UnknownRecipientsTest, AFloodOfClientsForgetsTheOldestGuessersFirst) {
  guess("192.0.2.1", 3);
  for (unsigned i = 0; i < 10000; ++i)
    guesses.count(IpAddress(boost::asio::ip::address_v4(0x0a000000U + i)), now, settings);
  EXPECT_TRUE(may_ask("192.0.2.1"));
}

}  // namespace
}  // namespace fallbackmx
