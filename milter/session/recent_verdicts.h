// The latest answers, and the mix of the last hour: what the status page and `fallbackmx verdicts` show.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "milter/session/answered_recipient.h"
#include "probe/base/clock.h"

namespace fallbackmx {

/// What became of the recipients of one minute, each counted once.
struct VerdictMix {
  std::uint32_t accepted = 0;    ///< the primary knows the recipient, or remembered so
  std::uint32_t unverified = 0;  ///< accepted, though nobody could say
  std::uint32_t passed = 0;      ///< accepted, and nobody was to be asked
  std::uint32_t deferred = 0;
  std::uint32_t undeliverable = 0;  ///< rejected: the primary does not know the recipient
  std::uint32_t rejected = 0;       ///< by another restriction

  std::uint32_t total() const;
  friend bool operator==(const VerdictMix&, const VerdictMix&) = default;
};

/// Used by all threads at once; bounded: some 2 KB for each of the latest 1,000 at the most.
class RecentVerdicts {
 public:
  static constexpr std::size_t most = 1000;
  static constexpr std::size_t minutes = 60;
  using Hour = std::array<VerdictMix, minutes>;

  struct Entry {
    std::uint64_t number = 0;  ///< grows by one with each
    AnsweredRecipient answer;
  };

  /// Counts every answer. Those that say something (a verdict, a refusal, unverified) stay for a while.
  void add(AnsweredRecipient answer, SteadyTime now);

  /// The latest first, at most `limit` of them. `about`: only those for this recipient (as typed or as the
  /// MTA resolved it, in any case of letters), or, when it has no local part (`example.org`,
  /// `@example.org`), for this domain; empty for all. `before`: only those with a smaller number, to turn
  /// pages.
  std::vector<Entry> latest(std::size_t limit, std::string_view about = {},
                            std::uint64_t before = UINT64_MAX) const;

  /// Minute by minute; the last one is the current.
  Hour last_hour(SteadyTime now) const;

 private:
  using Minute = std::chrono::time_point<std::chrono::steady_clock, std::chrono::minutes>;
  VerdictMix& mix_of(Minute minute);

  mutable std::mutex mutex_;  ///< guards what follows
  std::deque<Entry> entries_;
  std::uint64_t next_number_ = 1;
  Hour mix_{};       ///< by minute, modulo 60
  Minute newest_{};  ///< the last one that has something in mix_
};

}  // namespace fallbackmx
