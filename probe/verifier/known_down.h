// Questions to which the answer is, for a moment, that no server can be asked.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "probe/base/recent_map.h"
#include "probe/verifier/question.h"

namespace fallbackmx {

/// So that a client whose primary is known to be down is answered by its own thread, as fast as from memory.
/// What was said holds for a second at most, and no longer than until the next trial may be made, or there is
/// news of any server (Engine::news). Any thread.
class KnownDown {
 public:
  static constexpr std::chrono::seconds longest{1};

  std::optional<Finding> find(const Question& question, SteadyTime now, std::uint64_t news) {
    const std::lock_guard lock(mutex_);
    const Known* known = known_.find(key_of(question));
    if (known == nullptr || known->news != news || now >= known->until) return std::nullopt;
    return known->finding;
  }
  /// `news`: as it was before the question was put.
  void put(const Question& question, Finding finding, SteadyTime now, SteadyTime until, std::uint64_t news) {
    const std::lock_guard lock(mutex_);
    known_.touch(key_of(question)) = {std::move(finding), std::min(until, now + longest), news};
  }

 private:
  struct Known {
    Finding finding;
    SteadyTime until{};
    std::uint64_t news = 0;
  };

  /// All that decides which servers are asked, and on which terms.
  static std::string key_of(const Question& question) {
    std::string key = question.next_hop + ' ' + question.recipient.domain();
    if (question.tls) key += ' ' + std::string(to_string(*question.tls));
    if (question.sender) key += " from " + *question.sender;
    return key;
  }

  std::mutex mutex_;
  RecentMap<std::string, Known> known_{5'000};
};

}  // namespace fallbackmx
