// Signals at random moments, while clients ask.

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <list>
#include <random>
#include <thread>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

/// Asks until it is told to stop, or the daemon is gone.
class Asking {
 public:
  Asking(std::string socket, Macros macros, int number)
      : socket_(std::move(socket)), macros_(std::move(macros)), number_(number), thread_([this] { ask(); }) {}
  ~Asking() {
    enough_ = true;
    thread_.join();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  int answers() const { return answers_; }

 private:
  void ask() {
    try {
      MilterClient client(socket_);
      if (!client.negotiate()) return;
      client.connect();
      client.helo();
      client.mail("<s@example.net>");
      while (!enough_) {
        const std::string at = std::to_string(number_) + "-" + std::to_string(answers_) + "@x.example>";
        const std::string known = client.rcpt("<user" + at, macros_).told();
        if (known == "end") return;
        EXPECT_FALSE(known.starts_with('5')) << known;
        EXPECT_NE(known, "silence");
        client.rcpt("<nobody" + at, macros_);
        ++answers_;
      }
    } catch (const std::system_error&) {  // nobody listens any more
    }
  }

  const std::string socket_;
  const Macros macros_;
  const int number_;
  std::atomic<bool> enough_{false};
  std::atomic<int> answers_{0};
  std::thread thread_;
};

class RandomSignals : public WithFaults, public testing::WithParamInterface<unsigned> {};

TEST_P(RandomSignals, CostNobodyAnAnswerAndAStopIsAStop) {
  std::mt19937 random(GetParam());
  constexpr int harmless[] = {SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE, SIGWINCH, SIGURG, SIGCONT, SIGSTOP};
  configure();
  start();
  {
    std::list<Asking> clients;
    for (int i = 0; i < 6; ++i) clients.emplace_back(daemon_->socket(), relayed(by_number()), i);
    for (int i = 0; i < 200; ++i) {
      const int number = harmless[random() % std::size(harmless)];
      daemon_->signal(number);
      if (number == SIGSTOP) daemon_->signal(SIGCONT);
      const int before = clients.front().answers();
      if (random() % 8 == 0) {
        while (clients.front().answers() == before) std::this_thread::yield();
      }
      daemon_->forget_notifications();
    }
    daemon_->signal(random() % 2 == 0 ? SIGTERM : SIGINT);
    if (random() % 2 == 0) daemon_->signal(SIGHUP);
    EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
  }
  start();
  EXPECT_TRUE(recovers());
}

INSTANTIATE_TEST_SUITE_P(Seed, RandomSignals, testing::Range(1u, 6u));

}  // namespace
}  // namespace fallbackmx
