// Peers that break off, fall silent or talk rubbish, at each socket, and very many of them at once.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <random>

#include "test/fault/raw_server.h"
#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

class Peers : public WithFaults {
 protected:
  static std::string packet(char command, std::string payload) {
    const auto size = static_cast<std::uint32_t>(payload.size() + 1);
    std::string head;
    for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>((size >> shift) & 0xff);
    return head + command + payload;
  }
  /// What an MTA says from the beginning to the end, without waiting for answers.
  std::string whole_session() const {
    using namespace std::string_literals;
    const std::string macros = "j\0mta.example\0{rcpt_mailer}\0relay\0{rcpt_host}\0"s + by_number() + "\0"s;
    return packet('O', "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"s) +
           packet('C', "client.example.net\0"s + "4\x10\x01" + "198.51.100.7\0"s) +
           packet('H', "x.example\0"s) + packet('D', "Mj\0mta.example\0"s) +
           packet('M', "<s@example.net>\0"s) + packet('D', "R" + macros) +
           packet('R', "<user@hangs-up.example>\0"s) + packet('D', "R" + macros) +
           packet('R', "<nobody@hangs-up.example>\0"s) + packet('E', "") + packet('A', "") + packet('Q', "");
  }
};

TEST_F(Peers, ThatHangUpAfterAnyByteAreSurvived) {
  configure("probe_session_idle_time = 10s\n");
  start();
  ASSERT_TRUE(recovers());
  const std::string all = whole_session();
  for (std::size_t bytes = 0; bytes <= all.size(); ++bytes) {
    MilterClient client(daemon_->socket());
    client.bytes(std::string_view(all).substr(0, bytes));
  }
  EXPECT_TRUE(recovers());
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

/// The primary's answer comes when nobody is there any more.
TEST_F(Peers, ThatHangUpWhileTheirProbeIsInFlightAreSurvived) {
  ASSERT_TRUE(primary_->change("RCPT TO:<user-slow*   250 2.1.5 Ok   hold"));
  configure();
  start();
  for (int i = 0; i < 50; ++i) {
    MilterClient client(daemon_->socket());
    ASSERT_TRUE(begin(client));
    client.send_rcpt("<user-slow" + std::to_string(i) + "@example.org>", relayed(by_number()));
  }
  ASSERT_TRUE(primary_->change("release"));
  servers_.look_again();
  EXPECT_TRUE(recovers());
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

TEST_F(Peers, ThatTalkRubbishAreSurvivedAtEachSocket) {
  configure();
  start();
  ASSERT_TRUE(recovers());
  std::mt19937 random(20221122);
  for (int i = 0; i < 300; ++i) {
    std::string rubbish(random() % 300, '\0');
    for (char& c : rubbish) c = static_cast<char>(random());
    // Half of it begins as it should.
    const bool plausible = random() % 2 == 0;
    {
      MilterClient client(daemon_->socket());
      if (plausible) client.negotiate();
      client.bytes(rubbish);
    }
    half_open(control_socket(), (plausible ? "{\"fallbackmx\":1,\"do\":" : "") + rubbish);
    half_open(pages(), (plausible ? "GET /metrics HTTP/1.1\r\nX: " : "") + rubbish);
  }
  EXPECT_TRUE(recovers());
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

TEST_F(Peers, ThatFallSilentKeepNobodyFromBeingServed) {
  configure();
  start();
  ASSERT_TRUE(recovers());
  std::vector<MilterClient> silent;
  std::vector<FileDescriptor> others;
  for (int i = 0; i < 200; ++i) {
    silent.emplace_back(daemon_->socket());
    silent.back().bytes(std::string_view("\0\0\0\x0dO\0\0", 7));
  }
  // As many as the control socket and the pages serve at one time.
  for (int i = 0; i < 8; ++i) {
    others.push_back(half_open(control_socket(), "{\"fallbackmx\""));
    others.push_back(half_open(pages(), "GET /met"));
  }
  EXPECT_TRUE(recovers());
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

/// A reply that has no end, as fast as can be.
class Endless final : public RawPart {
 public:
  explicit Endless(std::atomic<bool>& talks) : talks_(talks) {}
  Said hear(std::string_view) override {
    talks_ = true;
    talks_.notify_one();
    return {.bytes = lines_, .endless = true};
  }

 private:
  std::atomic<bool>& talks_;
  const std::string lines_ = [] {
    std::string lines;
    while (lines.size() < 100'000) lines += "220-\r\n";
    return lines;
  }();
};

TEST_F(Peers, ThatNeverStopTalkingKeepNobodyElseFromBeingServed) {
  std::atomic<bool> talks = false;
  const RawServer endless([&] { return std::make_unique<Endless>(talks); });
  configure();
  start();
  ASSERT_TRUE(recovers());
  MilterClient client(daemon_->socket());
  ASSERT_TRUE(begin(client));
  client.send_rcpt("<user@endless.example>", relayed("[127.0.0.1]:" + std::to_string(endless.port())));
  talks.wait(false);
  const Heard heard = round();
  EXPECT_EQ(heard.known, "continue");
  EXPECT_EQ(heard.unknown.substr(0, 9), "550 5.1.1");
  EXPECT_EQ(client.answer().told(), "continue") << "it may exist";
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

/// A connection for each is what an MTA opens, and all of them wait for the primary together.
TEST_F(Peers, TwoThousandAtOnceAreAllAnsweredRightly) {
  constexpr int many = 2000;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  ASSERT_GT(limit.rlim_cur, many + 200u) << "this test needs that many descriptors";
  configure("answer_timeout = 60s\nprobe_session_idle_time = 10s\n");
  start();
  ASSERT_TRUE(recovers());
  const auto before = daemon_->memory();
  std::vector<MilterClient> clients;
  for (int i = 0; i < many; ++i) {
    clients.emplace_back(daemon_->socket());
    ASSERT_TRUE(begin(clients.back())) << "client " << i;
  }
  const auto idle = daemon_->memory();
  const auto name = [](int i) {
    return (i % 2 == 0 ? "<user" : "<nobody") + std::to_string(i) + "@example.org>";
  };
  for (int i = 0; i < many; ++i)
    clients[static_cast<std::size_t>(i)].send_rcpt(name(i), relayed(by_number()));
  const auto busy = daemon_->memory();
  int wrong = 0;
  for (int i = 0; i < many; ++i) {
    const std::string told = clients[static_cast<std::size_t>(i)].answer().told();
    const bool right = i % 2 == 0 ? told == "continue" : told.starts_with("550 5.1.1");
    if (!right && ++wrong < 5) ADD_FAILURE() << name(i) << " heard " << told;
  }
  EXPECT_EQ(wrong, 0);
  clients.clear();
  EXPECT_TRUE(recovers());
  std::printf("%d clients: KiB resident %zu before, %zu idle, %zu busy; threads %zu, %zu, %zu\n", many,
              before.resident_kib, idle.resident_kib, busy.resident_kib, before.threads, idle.threads,
              busy.threads);
  EXPECT_LT(idle.threads, before.threads + 20) << "an idle client needs no thread";
  EXPECT_LE(busy.threads, before.threads + many + 20);
  EXPECT_EQ(stop(), 0);
}

}  // namespace
}  // namespace fallbackmx
