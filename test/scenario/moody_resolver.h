// DNS that can go silent as a whole, or fail.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/dns/dns.h"
#include "test/scenario/scenario.h"

namespace fallbackmx {

/// In front of another resolver. Used by all threads at once.
class MoodyResolver final : public Resolver {
 public:
  MoodyResolver(Resolver& resolver, Clock& clock) : resolver_(resolver), clock_(clock) {}

  void set(DnsStep::Mood mood) { mood_ = mood; }

  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override {
    const auto mood = mood_.load();
    if (mood == DnsStep::Mood::well) return resolver_.lookup(name, type, deadline);
    if (mood == DnsStep::Mood::silent) clock_.sleeper()->sleep_until(deadline);
    return no_answer(name, mood);
  }

  std::vector<DnsAnswer> lookup_all(std::span<const Lookup> lookups, SteadyTime deadline) override {
    const auto mood = mood_.load();
    if (mood == DnsStep::Mood::well) return resolver_.lookup_all(lookups, deadline);
    if (mood == DnsStep::Mood::silent) clock_.sleeper()->sleep_until(deadline);
    std::vector<DnsAnswer> answers;
    for (const auto& lookup : lookups) answers.push_back(no_answer(lookup.name, mood));
    return answers;
  }

 private:
  static DnsAnswer no_answer(std::string_view name, DnsStep::Mood mood) {
    DnsAnswer answer;
    answer.why = std::string(name) + (mood == DnsStep::Mood::silent ? ": no answer in time" : ": SERVFAIL");
    return answer;
  }

  Resolver& resolver_;
  Clock& clock_;
  std::atomic<DnsStep::Mood> mood_ = DnsStep::Mood::well;
};

}  // namespace fallbackmx
