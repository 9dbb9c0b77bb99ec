#include "probe/base/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "probe/base/worker_thread.h"
#include "test/fake/loop_here.h"
#include "test/fake/simulation.h"
#include "test/unit/scarce_memory.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// On this thread, in virtual time.
class LoopTest : public testing::Test {
 protected:
  Task<> note_after(std::string what, std::chrono::seconds time) {
    WaitPoint place(loop());
    co_await place.until(clock.now() + time);
    notes.push_back(what);
  }
  Task<> note_when_woken(WaitPoint& place, std::string what) {
    const bool woken = co_await place.until(SteadyTime::max());
    notes.push_back(what + (woken ? " woken" : " late"));
  }
  Loop& loop() { return here.loop; }
  void run() {
    loop().end();
    loop().run();
  }

  Simulation clock;
  LoopHere here{clock};
  std::vector<std::string> notes;
};

TEST_F(LoopTest, CoroutinesGoOnWhenTheirTimeHasCome) {
  loop().start(note_after("second", 2s));
  loop().start(note_after("third", 3s));
  loop().start(note_after("first", 1s));
  run();
  EXPECT_EQ(notes, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(clock.elapsed(), 3s);
}

TEST_F(LoopTest, WhatIsStartedBeginsLater) {
  loop().start(note_after("started", 0s));
  notes.emplace_back("here");
  run();
  EXPECT_EQ(notes, (std::vector<std::string>{"here", "started"}));
}

TEST_F(LoopTest, OneIsWokenByAnotherAndAWakeAheadEndsTheNextWait) {
  WaitPoint place(loop());
  const auto wake = [&]() -> Task<> {
    place.wake();
    place.wake();
    co_return;
  };
  loop().start(note_when_woken(place, "waiting"));
  loop().start(wake());
  run();
  loop().start(wake());
  run();
  loop().start(note_when_woken(place, "ahead"));
  run();
  EXPECT_EQ(notes, (std::vector<std::string>{"waiting woken", "ahead woken"}));
  EXPECT_FALSE(here.wait(clock.now() + 1s));
  EXPECT_EQ(clock.elapsed(), 1s);
}

TEST_F(LoopTest, AnExceptionIsThrownWhereItIsAwaited) {
  const auto fail = []() -> Task<int> {
    throw std::runtime_error("no");
    co_return 1;
  };
  EXPECT_THROW(here.run(fail()), std::runtime_error);
  const auto outer = [&]() -> Task<std::string> {
    try {
      co_return std::to_string(co_await fail());
    } catch (const std::runtime_error& trouble) {
      co_return trouble.what();
    }
  };
  EXPECT_EQ(here.run(outer()), "no");
}

TEST_F(LoopTest, ATimeoutIsCalledOnceAndMayEndItself) {
  std::optional<Timeout> timeout;
  timeout.emplace(loop(), clock.now() + 1s, [&] {
    notes.emplace_back("called");
    timeout.reset();
  });
  Timeout never(loop(), clock.now() + 1h, [&] { notes.emplace_back("never"); });
  Timeout moved(loop(), clock.now() + 1h, [&] { notes.emplace_back("moved"); });
  moved.move_to(clock.now() + 3s);
  here.wait(clock.now() + 2s);
  EXPECT_EQ(notes, (std::vector<std::string>{"called"}));
  here.wait(clock.now() + 2s);
  EXPECT_EQ(notes, (std::vector<std::string>{"called", "moved"}));
  moved.move_to(clock.now());  // too late
}

TEST_F(LoopTest, ManyTurnsNeedNoStack) {
  const auto one = [](int n) -> Task<int> { co_return n; };
  const auto sum = [&]() -> Task<long> {
    long all = 0;
    for (int i = 0; i < 1000; ++i) all += co_await one(i);
    co_return all;
  };
  EXPECT_EQ(here.run(sum()), 499'500);
}

TEST_F(LoopTest, WhatBlocksDoesSoInAThreadOfItsOwn) {
  const auto here_is = std::this_thread::get_id();
  const auto ask = [&]() -> Task<bool> {
    co_return co_await in_a_thread(loop(), [&] { return std::this_thread::get_id() != here_is; });
  };
  EXPECT_TRUE(here.run(ask()));
  const auto fail = [&]() -> Task<bool> {
    co_return co_await in_a_thread(loop(), []() -> bool { throw std::runtime_error("no"); });
  };
  EXPECT_THROW(here.run(fail()), std::runtime_error);
}

TEST_F(LoopTest, AWorkerDoesOneThingAfterTheOther) {
  WorkerThread worker(clock);
  const auto who = [&]() -> Task<std::thread::id> {
    const auto look = [] { return std::this_thread::get_id(); };
    co_return co_await call_on(worker, loop(), look);
  };
  const auto first = here.run(who());
  EXPECT_NE(first, std::this_thread::get_id());
  EXPECT_EQ(here.run(who()), first);
  worker.post([&] { notes.emplace_back("done"); });
}

TEST_F(LoopTest, AWaitThatThereIsNoMemoryForLeavesNothingBehind) {
  WaitPoint place(loop());
  const auto wait = [&]() -> Task<> { co_await place.until(clock.now() + 1s); };
  with_each_allocation_failing([&] { loop().start(wait()); }, [](int) {});
  run();
  EXPECT_FALSE(here.wait(clock.now() + 1s));
}

/// In a thread of its own, in real time.
class LoopInAThread : public testing::Test {
 protected:
  ~LoopInAThread() override {
    loop.end();
    thread.join();
  }

  SystemClock clock;
  Loop loop{clock};
  std::thread thread{[this] { loop.run(); }};
};

TEST_F(LoopInAThread, OtherThreadsHaveThingsDoneThere) {
  std::thread::id there;
  loop.call([&] { there = std::this_thread::get_id(); });
  EXPECT_EQ(there, thread.get_id());
  EXPECT_THROW(loop.call([] { throw std::runtime_error("no"); }), std::runtime_error);
}

TEST_F(LoopInAThread, ADescriptorIsWaitedForUntilItCanBeReadOrWritten) {
  std::array<int, 2> pair{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  std::string heard;
  const auto listen = [&]() -> Task<> {
    Readiness readiness(pair[0]);
    WaitPoint place(loop);
    std::array<char, 10> piece;
    while (heard.size() < 4) {
      if (const auto got = read(pair[0], piece.data(), piece.size()); got > 0) {
        heard.append(piece.data(), static_cast<std::size_t>(got));
        continue;
      }
      const Watch watch{&readiness};
      co_await place.until(SteadyTime::max(), {&watch, 1});
    }
  };
  const auto heard_by_now = [&] {
    std::string copy;
    loop.call([&] { copy = heard; });
    return copy;
  };
  loop.call([&] { loop.start(listen()); });
  EXPECT_EQ(write(pair[1], "ab", 2), 2);
  while (heard_by_now() != "ab") std::this_thread::yield();
  EXPECT_EQ(write(pair[1], "cd", 2), 2);
  loop.end();
  thread.join();
  EXPECT_EQ(heard, "abcd");
  thread = std::thread([this] { loop.run(); });
  close(pair[0]);
  close(pair[1]);
}

}  // namespace
}  // namespace fallbackmx
