#include "probe/dns/lookups.h"

#include <algorithm>
#include <utility>

namespace fallbackmx {

namespace {

bool for_addresses(RecordType type) { return type == RecordType::a || type == RecordType::aaaa; }

bool belong_together(const Lookup& one, const Lookup& other) {
  return one.name == other.name && one.type != other.type && for_addresses(one.type) &&
         for_addresses(other.type);
}

}  // namespace

Lookups::Lookups(std::span<const Lookup> lookups, SteadyTime deadline) : answers_(lookups.size()) {
  for (std::size_t i = 0; i < lookups.size(); ++i) states_.emplace_back(deadline);
  // Who asks about a host asks for both kinds one after the other.
  for (std::size_t i = 1; i < lookups.size(); ++i) {
    if (states_[i - 1].other || !belong_together(lookups[i - 1], lookups[i])) continue;
    states_[i - 1].other = i;
    states_[i].other = i - 1;
  }
}

const Patience& Lookups::begin(std::size_t question, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  State& state = states_[question];
  state.begun = true;
  if (state.other && states_[*state.other].found) state.patience.shorten(now + resolution_delay);
  return state.patience;
}

void Lookups::end(std::size_t question, DnsAnswer answer, SteadyTime now) noexcept {
  const std::lock_guard lock(mutex_);
  State& state = states_[question];
  state.found = answer.status == DnsAnswer::Status::ok && !answer.addresses.empty();
  answers_[question] = std::move(answer);
  if (!state.found || !state.other) return;
  State& other = states_[*state.other];
  if (other.begun) other.patience.shorten(now + resolution_delay);
}

}  // namespace fallbackmx
