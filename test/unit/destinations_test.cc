#include "probe/primary/destinations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "probe/base/metrics.h"
#include "probe/primary/destination.h"
#include "probe/primary/engine.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/loop_here.h"
#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"
#include "test/unit/scarce_memory.h"

namespace fallbackmx {
namespace {

class DestinationsTest : public testing::Test {
 protected:
  static Endpoint server(const std::string& host, const std::string& address, const std::string& next_hop) {
    return {.host = host, .address = boost::asio::ip::make_address(address), .next_hop = next_hop};
  }
  static Endpoint mx(int number) {
    return server("mx1.example.org", "192.0.2." + std::to_string(number), "example.org");
  }

  Simulation clock;
  LoopHere here{clock};
  FakeResolver dns{clock};
  MemoryStreamFactory streams{clock};
  std::unique_ptr<Store> store = make_memory_store();
  Log log{[](LogLevel, std::string_view) {}};
  Metrics metrics;
  Engine engine{Services{clock, dns, streams, *store, log, metrics, here.loop},
                std::make_shared<Settings>(default_settings()),
                nullptr,
                {},
                [] {}};
};

TEST_F(DestinationsTest, WhoIsAskedAtTheSameEndpointsOnTheSameTermsIsAskedThroughOne) {
  const auto by_org = server("mx1.example.org", "192.0.2.1", "example.org");
  const auto by_net = server("mx.example.net", "192.0.2.1", "example.net");
  const auto second = server("mx2.example.org", "192.0.2.2", "example.org");
  using Terms = Destinations::Terms;
  struct Row {
    std::string name;
    std::vector<Endpoint> endpoints;
    Terms terms;
    bool same;
  };
  const Row rows[] = {
      {"again", {by_org}, {}, true},
      {"by another name", {by_net}, {}, true},
      {"with another server behind it", {by_org, second}, {}, false},
      {"with a sender of its own", {by_org}, {.sender = "probe@example.com"}, false},
      {"with the null sender", {by_org}, {.sender = ""}, false},
      {"without TLS", {by_org}, {.tls = TlsLevel::none}, false},
      {"with a certificate", {by_org}, {.tls = TlsLevel::secure}, false},
  };
  Destinations destinations(engine);
  const auto first = destinations.find({by_org}, {});
  for (const auto& row : rows)
    EXPECT_EQ(destinations.find(row.endpoints, row.terms) == first, row.same) << row.name;

  const Terms certified{.tls = TlsLevel::secure, .sender = {}};
  EXPECT_NE(destinations.find({by_org}, certified), destinations.find({by_net}, certified))
      << "their certificates must bear other names";
}

TEST_F(DestinationsTest, AboveTheMostThoseWithoutWorkAreForgotten) {
  Destinations destinations(engine, 2);
  const auto held = destinations.find({mx(1)}, {});
  destinations.find({mx(2)}, {});
  EXPECT_EQ(destinations.all().size(), 2U);
  const auto third = destinations.find({mx(3)}, {});
  EXPECT_EQ(destinations.all(), (std::vector{held, third}));
}

TEST_F(DestinationsTest, NoneIsMadeOnceTheyAreDrained) {
  Destinations destinations(engine);
  const auto before = destinations.find({mx(1)}, {});
  destinations.drain();
  EXPECT_FALSE(destinations.find({mx(1)}, {}));
  EXPECT_FALSE(destinations.find({mx(2)}, {}));
  EXPECT_EQ(destinations.all(), std::vector{before});
}

/// Its place was left with nobody in it, and whoever looked at all of them next ended the process.
TEST_F(DestinationsTest, OneThatThereIsNoMemoryForLeavesNoPlaceBehind) {
  Destinations destinations(engine);
  const std::vector<Endpoint> endpoints = {mx(1)};
  const Destinations::Terms terms{.tls = {}, .sender = std::string(100, 'x')};
  const int failures = with_each_allocation_failing([&] { destinations.find(endpoints, terms); },
                                                    [&](int nth) {
                                                      for (const auto& each : destinations.all())
                                                        ASSERT_TRUE(each) << "allocation " << nth;
                                                    });
  EXPECT_GT(failures, 5);
  EXPECT_EQ(destinations.all().size(), 1U);
}

}  // namespace
}  // namespace fallbackmx
