#include "milter/session/recent_verdicts.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace fallbackmx {

namespace {

std::string folded(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// `about` in lower case, an address or `@domain`.
bool concerns(std::string_view address, std::string_view about) {
  const std::string lower = folded(address);
  return about.starts_with('@') ? lower.ends_with(about) : lower == about;
}

bool worth_keeping(const AnsweredRecipient& answer) {
  const bool not_asked = answer.not_asked && !answer.delivered_here;
  return answer.action != "accept" || answer.verdict || answer.unverified || not_asked;
}

std::uint32_t& column(VerdictMix& mix, const AnsweredRecipient& answer) {
  if (answer.action == "defer") return mix.deferred;
  if (answer.action == "reject") return answer.verdict ? mix.undeliverable : mix.rejected;
  if (answer.unverified) return mix.unverified;
  return answer.verdict ? mix.accepted : mix.passed;
}

std::size_t slot(auto minute) {
  constexpr long round = RecentVerdicts::minutes;
  return static_cast<std::size_t>((minute.time_since_epoch().count() % round + round) % round);
}

}  // namespace

std::uint32_t VerdictMix::total() const {
  return accepted + unverified + passed + deferred + undeliverable + rejected;
}

void RecentVerdicts::add(AnsweredRecipient answer, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  ++column(mix_of(std::chrono::floor<std::chrono::minutes>(now)), answer);
  if (!worth_keeping(answer)) return;
  entries_.push_back({next_number_++, std::move(answer)});
  if (entries_.size() > most) entries_.pop_front();
}

/// Minutes in which nothing came are emptied when the next answer comes. Threads may come a little late: they
/// count for the newest minute.
VerdictMix& RecentVerdicts::mix_of(Minute minute) {
  if (minute - newest_ >= std::chrono::minutes(minutes)) {
    mix_ = {};
    newest_ = minute;
  }
  while (newest_ < minute) {
    newest_ += std::chrono::minutes(1);
    mix_[slot(newest_)] = {};
  }
  return mix_[slot(newest_)];
}

std::vector<RecentVerdicts::Entry> RecentVerdicts::latest(std::size_t limit, std::string_view about,
                                                          std::uint64_t before) const {
  std::string wanted = folded(about);
  if (!wanted.empty() && wanted.find('@') == std::string::npos) wanted.insert(0, 1, '@');
  std::vector<Entry> found;
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.rbegin(); entry != entries_.rend() && found.size() < limit; ++entry) {
    if (entry->number >= before) continue;
    const AnsweredRecipient& answer = entry->answer;
    if (wanted.empty() || concerns(answer.recipient, wanted) || concerns(answer.resolved, wanted))
      found.push_back(*entry);
  }
  return found;
}

RecentVerdicts::Hour RecentVerdicts::last_hour(SteadyTime now) const {
  const auto current = std::chrono::floor<std::chrono::minutes>(now);
  Hour hour{};
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < minutes; ++i) {
    const auto minute = current - std::chrono::minutes(minutes - 1 - i);
    if (minute <= newest_ && newest_ - minute < std::chrono::minutes(minutes)) hour[i] = mix_[slot(minute)];
  }
  return hour;
}

}  // namespace fallbackmx
