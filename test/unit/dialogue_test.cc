// What a server may do to the event loop that its session shares with all others.
#include "probe/smtp/dialogue.h"

#include <gtest/gtest.h>

#include <cstring>

#include "test/fake/loop_here.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

/// A reply that is read more slowly than it is sent, and of which nobody has ever seen the end.
class TalkativeStream final : public Stream {
 public:
  explicit TalkativeStream(int& reads) : reads_(reads) {}

  IoResult connected() override { return {}; }
  IoResult read(std::span<char> into) override {
    if (++reads_ > patience) return {.status = IoResult::Status::closed, .why = "connection closed"};
    constexpr std::string_view line = "250-x\r\n";
    std::memcpy(into.data(), line.data(), line.size());
    return {.bytes = line.size()};
  }
  IoResult write(std::string_view bytes) override { return {.bytes = bytes.size()}; }
  Readiness& readiness() override { return readiness_; }

  static constexpr int patience = 1000;  ///< of the test

 private:
  int& reads_;
  Readiness readiness_{[](bool) { return true; }};
};

class DialogueTest : public testing::Test {
 protected:
  /// How it ended.
  Task<Dialogue::Event> listen(SteadyTime deadline) {
    for (;;) {
      const auto event = co_await dialogue.exchange(deadline);
      if (event != Dialogue::Event::bytes) co_return event;
    }
  }

  Simulation clock;
  LoopHere here{clock};
  WaitPoint place{here.loop};
  Log log{[](LogLevel, std::string_view) {}};
  int reads = 0;
  Dialogue dialogue{std::make_unique<TalkativeStream>(reads), place, log, "mx1.example.org"};
};

TEST_F(DialogueTest, AReplyWithoutAnEndLeavesOthersTheirTurn) {
  int before = 0;
  const auto other = [&]() -> Task<> {
    before = reads;
    co_return;
  };
  const auto both = [&]() -> Task<> {
    here.loop.start(other());
    co_await listen(SteadyTime::max());
  };
  here.run(both());
  EXPECT_LT(before, 10);
}

TEST_F(DialogueTest, AReplyWithoutAnEndHasADeadline) {
  EXPECT_EQ(here.run(listen(clock.now())), Dialogue::Event::deadline);
  EXPECT_TRUE(dialogue.timed_out());
  EXPECT_LT(reads, 10);
}

}  // namespace
}  // namespace fallbackmx
