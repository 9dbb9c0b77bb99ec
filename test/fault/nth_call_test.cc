// Every call of a good life fails once: the n-th allocation, thread, descriptor, read, write, ..., for every
// n.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

struct Case {
  Fault family;
  int stride;  ///< in continuous integration; STRIDE=1 for all of them
};

void PrintTo(const Case& c, std::ostream* out) { *out << to_string(c.family); }

class NthCall : public WithFaults, public testing::WithParamInterface<Case> {
 protected:
  NthCall() {
    until_written_ = family() == Fault::disk || family() == Fault::full_disk;
    with_control_ = family() != Fault::memory;
  }

  Fault family() const { return GetParam().family; }
  std::string name(std::int64_t n) const {
    return std::string(to_string(family())) + " call " + std::to_string(n) + " (" + board_.last() + ")";
  }
  /// How many calls `life` takes.
  template <class Life>
  std::int64_t calls_of(Life life) {
    const auto before = board_.calls(family());
    life();
    return static_cast<std::int64_t>(board_.calls(family()) - before);
  }

  /// It was disturbed, and goes on as if nothing had been. What was not answered as it should has left a
  /// line.
  void expect_recovery(std::int64_t n, const Heard& heard) {
    expect_no_wrong_answer(heard, name(n));
    const bool answered_otherwise = !heard.known.empty() && heard.known != "end" && heard.known != "continue";
    if (answered_otherwise) {
      EXPECT_NE(lines_since(log_before_).find("action="), std::string::npos) << name(n) << ": not a word";
    }
    if (recovers()) return;
    ADD_FAILURE() << "no recovery after " << name(n) << "\n" << lines_since(log_before_);
    EXPECT_EQ(stop(), 0) << "ended after " << name(n);
  }

  /// Each n-th from the first on, or from another one at each stride, so that not all are always the same.
  template <class Try>
  void for_each_call(std::int64_t calls, std::int64_t step, Try one) {
    ASSERT_GT(calls, 0);
    step = std::min(step, std::max<std::int64_t>(1, calls / 4));
    int injected = 0;
    for (std::int64_t n = 1 + calls % step; n <= calls && !HasFailure(); n += step) {
      log_before_ = daemon_->log().size();
      one(n);
      injected += board_.failed() > 0;
    }
    std::printf("%s: %lld calls, %d failed\n", std::string(to_string(family())).c_str(),
                static_cast<long long>(calls), injected);
  }

  /// libmilter may find out late that it cannot have its threads; then the daemon ends, and says so.
  bool stays() {
    try {
      MilterClient client(daemon_->socket());
      if (client.negotiate()) return true;
    } catch (const std::system_error&) {
    }
    return lines_since(log_before_).find("libmilter has stopped by itself; start again") == std::string::npos;
  }

  /// For what takes a process each.
  int long_stride() const { return GetParam().stride * (family() == Fault::memory ? 10 : 1); }

  std::size_t log_before_ = 0;
};

class NthCallForAWhile : public NthCall {};

TEST_P(NthCall, OfALifeIsSurvived) {
  configure();
  start();
  ASSERT_TRUE(recovers()) << daemon_->log();
  for_each_call(calls_of([&] { round(); }), stride(GetParam().stride), [&](std::int64_t n) {
    board_.arm(family(), n);
    const Heard heard = round();
    board_.disarm();
    expect_recovery(n, heard);
  });
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

/// A start that is disturbed serves, or says why it does not and ends.
TEST_P(NthCall, OfAStartIsSurvivedOrSaid) {
  configure();
  start();
  const auto calls = static_cast<std::int64_t>(board_.calls(family()));
  ASSERT_EQ(stop(), 0);
  for_each_call(calls, stride(long_stride()), [&](std::int64_t n) {
    board_.arm(family(), n);
    launch();
    const bool ready = daemon_->hears("READY=1") && stays();
    board_.disarm();
    if (ready) {
      // Without the operator's command one can live.
      const bool without = lines_since(log_before_).find("going on without") != std::string::npos;
      with_control_ = !without && family() != Fault::memory;
      expect_recovery(n, {});
      EXPECT_EQ(stop(), 0) << name(n) << "\n" << lines_since(log_before_);
      return;
    }
    const int status = daemon_->wait();
    EXPECT_TRUE(status > 0 && status < 128) << name(n) << ": " << status << "\n" << lines_since(log_before_);
    EXPECT_FALSE(lines_since(log_before_).empty()) << name(n) << ": status " << status << ", and not a word";
  });
}

/// A stop that is disturbed ends all the same, and the next start finds everything in order.
TEST_P(NthCall, OfAStopIsSurvived) {
  configure();
  start();
  ASSERT_TRUE(recovers()) << daemon_->log();
  for_each_call(calls_of([&] { EXPECT_EQ(stop(), 0); }), stride(long_stride()), [&](std::int64_t n) {
    start();
    round();
    board_.arm(family(), n);
    const int status = stop();
    board_.disarm();
    EXPECT_EQ(status, 0) << name(n) << "\n" << lines_since(log_before_);
  });
  start();
  EXPECT_TRUE(recovers()) << daemon_->log();
}

TEST_P(NthCallForAWhile, AndAllBehindItAreSurvived) {
  configure();
  start();
  ASSERT_TRUE(recovers()) << daemon_->log();
  const auto calls = calls_of([&] { disturbed_round([] {}); });
  for_each_call(calls, stride(GetParam().stride), [&](std::int64_t n) {
    const Heard heard = disturbed_round([&] { board_.arm(family(), n, true); });
    board_.disarm();
    expect_recovery(n, heard);
  });
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

std::string called(const testing::TestParamInfo<Case>& of) { return std::string(to_string(of.param.family)); }

INSTANTIATE_TEST_SUITE_P(Of, NthCall,
                         testing::Values(Case{Fault::memory, 131}, Case{Fault::thread, 1},
                                         Case{Fault::descriptor, 1}, Case{Fault::transfer, 3},
                                         Case{Fault::signal, 3}, Case{Fault::disk, 3},
                                         Case{Fault::full_disk, 1}),
                         called);
INSTANTIATE_TEST_SUITE_P(From, NthCallForAWhile,
                         testing::Values(Case{Fault::memory, 131}, Case{Fault::thread, 1},
                                         Case{Fault::descriptor, 5}, Case{Fault::disk, 5},
                                         Case{Fault::full_disk, 1}),
                         called);

}  // namespace
}  // namespace fallbackmx
