// Every call of a good life fails once: the n-th allocation, thread, descriptor, read, write, ..., for every
// n.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <system_error>
#include <vector>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

struct NthCase {
  Fault family;
  int stride;  ///< in continuous integration; STRIDE=1 for all of them
};

void PrintTo(const NthCase& c, std::ostream* out) { *out << to_string(c.family); }

class NthCall : public WithFaults, public testing::WithParamInterface<NthCase> {
 protected:
  NthCall() {
    until_written_ = family() == Fault::disk || family() == Fault::full_disk;
    with_control_ = family() != Fault::memory;
  }

  Fault family() const { return GetParam().family; }
  std::string name(std::int64_t n) const {
    return std::string(to_string(family())) + " call " + std::to_string(n) + " (" + board_.last() + ")";
  }
  /// What to fail of a life: each of its calls; of allocations, which are very many, the first on each way.
  struct Choice {
    std::vector<std::int64_t> calls;
    std::vector<Way> ways;  ///< of each of these; empty when ways do not matter
    std::size_t among = 0;
  };
  template <class Life>
  Choice calls_of(Life life) {
    if (family() == Fault::memory) board_.begin_survey(family());
    const auto before = board_.calls(family());
    life();
    if (family() == Fault::memory) return new_ways(board_.take_survey());
    Choice all{.among = board_.calls(family()) - before};
    for (std::size_t n = 1; n <= all.among; ++n) all.calls.push_back(static_cast<std::int64_t>(n));
    return all;
  }
  Choice new_ways(const std::vector<Way>& survey) const {
    Choice choice{.among = survey.size()};
    std::set<Way> known = tried_;
    for (std::size_t i = 0; i < survey.size(); ++i) {
      if (!known.insert(survey[i]).second) continue;
      choice.calls.push_back(static_cast<std::int64_t>(i + 1));
      choice.ways.push_back(survey[i]);
    }
    return choice;
  }

  /// It was disturbed, and goes on as if nothing had been.
  void expect_recovery(std::int64_t n, const Heard& heard) {
    expect_no_wrong_answer(heard, name(n));
    if (recovers()) return;
    ADD_FAILURE() << "no recovery after " << name(n) << "\n" << lines_since(log_before_);
    EXPECT_EQ(stop(), 0) << "ended after " << name(n);
    start();
  }

  /// Each n-th of them from the FIRST on, or from another one at each stride, so that not all are always the
  /// same. Ends at the first find, or after FINDS of them. Threads come in another order each time, so that
  /// some ways are missed: with STRIDE=1 each of these is waited for in a further life.
  template <class Choose, class Try>
  void for_each_call(int stride, Choose choose, Try one) {
    const Choice choice = choose();
    const std::size_t all = choice.calls.size();
    ASSERT_GT(all, 0u);
    const auto step = std::min(static_cast<std::size_t>(stride), std::max<std::size_t>(1, all / 4));
    const bool again = step == 1 && !choice.ways.empty();
    try_each(choice, step, one);
    if (again) {
      for (const Way way : choice.ways) {
        if (tried_.contains(way) || enough_finds()) continue;
        board_.narrow_to(way);
        try_call(1, one);
        board_.narrow_to(0);
      }
    }
    std::printf("%s: %zu calls, %zu chosen, %d failed", std::string(to_string(family())).c_str(),
                choice.among, all, injected_);
    const auto missed =
        std::count_if(choice.ways.begin(), choice.ways.end(), [&](Way way) { return !tried_.contains(way); });
    if (again) std::printf(" on %zu ways, %td ways never met again", tried_.size(), missed);
    std::puts("");
  }

  template <class Try>
  void try_each(const Choice& choice, std::size_t step, Try one) {
    const auto usual = 1 + choice.calls.size() % step;
    const auto first = static_cast<std::size_t>(from_environment("FIRST", static_cast<int>(usual)));
    for (std::size_t i = first - 1; i < choice.calls.size() && !enough_finds(); i += step) {
      if (!choice.ways.empty() && tried_.contains(choice.ways[i])) continue;
      try_call(choice.calls[i], one);
    }
  }

  template <class Try>
  void try_call(std::int64_t n, Try one) {
    log_before_ = log_size();
    one(n);
    if (board_.failed() == 0) return;
    ++injected_;
    tried_.insert(board_.last_way());
  }

  static bool enough_finds() {
    const auto* so_far = testing::UnitTest::GetInstance()->current_test_info()->result();
    return so_far->total_part_count() >= from_environment("FINDS", 1);
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
  std::set<Way> tried_;
  int injected_ = 0;
};

class NthCallForAWhile : public NthCall {};

TEST_P(NthCall, OfALifeIsSurvived) {
  configure();
  start();
  ASSERT_TRUE(recovers()) << daemon_->log();
  const auto choose = [&] { return calls_of([&] { round(); }); };
  for_each_call(stride(GetParam().stride), choose, [&](std::int64_t n) {
    board_.arm(family(), n);
    const Heard heard = round();
    board_.disarm();
    expect_explained(heard, lines_since(log_before_), name(n));
    expect_recovery(n, heard);
  });
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

/// A start that is disturbed serves, or says why it does not and ends.
TEST_P(NthCall, OfAStartIsSurvivedOrSaid) {
  configure();
  const auto choose = [&] {
    Choice choice = calls_of([&] { start(); });
    EXPECT_EQ(stop(), 0);
    return choice;
  };
  for_each_call(stride(long_stride()), choose, [&](std::int64_t n) {
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
  const auto choose = [&] {
    start();
    EXPECT_TRUE(recovers()) << daemon_->log();
    return calls_of([&] { EXPECT_EQ(stop(), 0); });
  };
  for_each_call(stride(long_stride()), choose, [&](std::int64_t n) {
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
  const auto choose = [&] { return calls_of([&] { disturbed_round([] {}); }); };
  for_each_call(stride(GetParam().stride), choose, [&](std::int64_t n) {
    const Heard heard = disturbed_round([&] { board_.arm(family(), n, true); });
    board_.disarm();
    expect_explained(heard, lines_since(log_before_), name(n));
    expect_recovery(n, heard);
  });
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

std::string called(const testing::TestParamInfo<NthCase>& of) {
  return std::string(to_string(of.param.family));
}

INSTANTIATE_TEST_SUITE_P(Of, NthCall,
                         testing::Values(NthCase{Fault::memory, 13}, NthCase{Fault::thread, 1},
                                         NthCase{Fault::descriptor, 1}, NthCase{Fault::transfer, 3},
                                         NthCase{Fault::signal, 3}, NthCase{Fault::disk, 3},
                                         NthCase{Fault::full_disk, 1}),
                         called);
INSTANTIATE_TEST_SUITE_P(From, NthCallForAWhile,
                         testing::Values(NthCase{Fault::memory, 13}, NthCase{Fault::thread, 1},
                                         NthCase{Fault::descriptor, 5}, NthCase{Fault::disk, 5},
                                         NthCase{Fault::full_disk, 1}),
                         called);

}  // namespace
}  // namespace fallbackmx
