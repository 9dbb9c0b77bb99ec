#include "probe/mail/endpoint.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(Endpoint, ReadsAsPostfixWritesIt) {
  const Endpoint v4{"mx1.example.org", boost::asio::ip::make_address("192.0.2.1"), 25, 10, false};
  EXPECT_EQ(v4.text(), "mx1.example.org[192.0.2.1]:25");
  EXPECT_EQ(v4.key(), "192.0.2.1:25");
  const Endpoint v6{"mx1.example.org", boost::asio::ip::make_address("2001:db8::1"), 2525, 10, false};
  EXPECT_EQ(v6.text(), "mx1.example.org[2001:db8::1]:2525");
  EXPECT_EQ(v6.key(), "[2001:db8::1]:2525");
}

TEST(Endpoint, HealthIsKeptForTheAddressWhateverHostBearsIt) {
  const auto address = boost::asio::ip::make_address("192.0.2.1");
  EXPECT_EQ((Endpoint{"a.example", address, 25, 10, false}.key()),
            (Endpoint{"b.example", address, 25, 20, true}.key()));
}

}  // namespace
}  // namespace fallbackmx
