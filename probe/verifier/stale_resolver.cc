#include "probe/verifier/stale_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/metrics.h"
#include "probe/base/text.h"
#include "probe/dns/dns_cache.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

using Status = DnsAnswer::Status;

/// In the store, before last_answer_key(): what is noted there may be of other kinds as well.
constexpr std::string_view note_prefix = "dns ";
/// How long a silent name server is not waited for with the other names that it is likely to have: until they
/// have been asked for in nobody's time.
constexpr std::chrono::seconds silence{11};
constexpr std::chrono::hours current{1};

std::string note_key(const Lookup& lookup) {
  return std::string(note_prefix) + last_answer_key(lookup.name, lookup.type);
}

bool for_addresses(const Lookup& lookup) {
  return lookup.type == RecordType::a || lookup.type == RecordType::aaaa;
}

bool is_fresh_address(const DnsAnswer& answer) { return !answer.stale && !answer.addresses.empty(); }

/// A host with fresh addresses of one kind does not need old ones of the other.
bool needs_no_address(std::span<const Lookup> lookups, const std::vector<DnsAnswer>& answers, std::size_t i) {
  if (!for_addresses(lookups[i])) return false;
  const auto known = [&](std::size_t other) {
    return lookups[other].name == lookups[i].name && is_fresh_address(answers[other]);
  };
  return (i > 0 && known(i - 1)) || (i + 1 < lookups.size() && known(i + 1));
}

}  // namespace

StaleResolver::StaleResolver(const Services& services, std::chrono::seconds lifetime,
                             std::span<const Note> notes)
    : services_(services), lifetime_(lifetime) {
  if (lifetime.count() > 0) restore(notes);
}

/// What lies in the future was written under another clock.
void StaleResolver::restore(std::span<const Note> notes) {
  const WallTime now = services_.clock.wall();
  const std::lock_guard lock(mutex_);
  // The latest come first, and shall be the last that are forgotten.
  for (auto note = notes.rbegin(); note != notes.rend(); ++note) {
    if (!note->key.starts_with(note_prefix)) continue;
    auto last = parse_last_answer(std::string_view(note->key).substr(note_prefix.size()), note->value);
    if (!last) continue;
    last->answered = std::min(last->answered, now);
    answers_.restore(*std::move(last));
  }
}

std::optional<DnsAnswer> StaleResolver::at_hand(std::string_view name, RecordType type) {
  auto answer = services_.resolver.at_hand(name, type);
  if (answer) answer = settled({lower_case(name), type}, *std::move(answer), false);
  return answer;
}

DnsAnswer StaleResolver::lookup(std::string_view name, RecordType type, SteadyTime deadline) {
  const Lookup one{std::string(name), type};
  return std::move(lookup_all({&one, 1}, deadline).front());
}

std::vector<DnsAnswer> StaleResolver::lookup_all(std::span<const Lookup> lookups, SteadyTime deadline) {
  Round round = begin(lookups, deadline);
  std::vector<DnsAnswer> came;
  if (!round.open.empty()) came = services_.resolver.lookup_all(round.open, round.until);
  return end(std::move(round), std::move(came));
}

Task<DnsAnswer> StaleResolver::ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) {
  const Lookup one{name, type};
  Round round = begin({&one, 1}, deadline);
  std::vector<DnsAnswer> came;
  if (!round.open.empty()) {
    DnsAnswer answer = co_await services_.resolver.ask(loop, std::move(name), type, round.until);
    came.push_back(std::move(answer));
  }
  auto answers = end(std::move(round), std::move(came));
  co_return std::move(answers.front());
}

StaleResolver::Round StaleResolver::begin(std::span<const Lookup> lookups, SteadyTime deadline) {
  Round round{.lookups = {}, .answers = {}, .open = {}, .begun = services_.clock.now(), .until = deadline};
  for (const Lookup& lookup : lookups) round.lookups.push_back({lower_case(lookup.name), lookup.type});
  const std::set<std::string> known = known_names(round.lookups);
  if (!known.empty()) round.until = std::min(deadline, round.begun + patience);
  round.answers.resize(lookups.size());
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    if (!known.contains(round.lookups[i].name) || !is_silent(round.lookups[i].name, round.begun)) {
      round.open.push_back(lookups[i]);
      continue;
    }
    round.answers[i] = services_.resolver.at_hand(lookups[i].name, lookups[i].type);
    if (round.answers[i]) continue;
    services_.resolver.ask_ahead(lookups[i].name, lookups[i].type);
    round.answers[i].emplace().why = last_answer_key(round.lookups[i].name, lookups[i].type) +
                                     ": its name servers were silent a moment ago";
  }
  return round;
}

/// Those with a last answer of one of these types: a host with an address needs none of the other kind.
std::set<std::string> StaleResolver::known_names(const std::vector<Lookup>& lookups) const {
  std::set<std::string> names;
  const WallTime now = services_.clock.wall();
  const auto lifetime = lifetime_.load();
  const std::lock_guard lock(mutex_);
  for (const Lookup& lookup : lookups) {
    if (answers_.has(lookup.name, lookup.type, now, lifetime)) names.insert(lookup.name);
  }
  return names;
}

bool StaleResolver::is_silent(const std::string& name, SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  const Trouble* trouble = troubles_.find(name);
  return trouble != nullptr && now < trouble->silent_until;
}

std::vector<DnsAnswer> StaleResolver::end(Round round, std::vector<DnsAnswer> came) {
  const bool slow = services_.clock.now() - round.begun >= DnsCache::slow_from;
  std::vector<DnsAnswer> answers;
  std::vector<bool> waited;
  answers.reserve(round.answers.size());
  auto next = came.begin();
  for (auto& known : round.answers) {
    waited.push_back(!known);
    answers.push_back(known ? *std::move(known) : std::move(*next++));
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].status == Status::temporary && needs_no_address(round.lookups, answers, i)) continue;
    answers[i] = settled(round.lookups[i], std::move(answers[i]), slow && waited[i]);
  }
  return answers;
}

/// The answer to be used; and what is learned of it.
DnsAnswer StaleResolver::settled(const Lookup& lookup, DnsAnswer answer, bool slow) {
  const auto lifetime = lifetime_.load();
  if (lifetime.count() == 0) return answer;
  if (answer.status != Status::temporary) {
    learn(lookup, answer);
    return answer;
  }
  std::optional<DnsAnswer> stale;
  {
    const std::lock_guard lock(mutex_);
    stale = answers_.find(lookup.name, lookup.type, services_.clock.wall(), lifetime);
  }
  if (!stale) return answer;
  services_.metrics.count(Counter::dns_stale_answers, {to_string(lookup.type)});
  stale->why = fmt::format("{}; {}", answer.why, stale->why);
  note_trouble(lookup, answer, *stale, slow);
  return *std::move(stale);
}

/// What a DNS that is alive says, be it that there is nothing.
void StaleResolver::learn(const Lookup& lookup, const DnsAnswer& answer) {
  const WallTime now = services_.clock.wall();
  std::optional<std::string> text;
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    if (worth_keeping(lookup.type, answer)) {
      const LastAnswer last{.name = lookup.name, .type = lookup.type, .answer = answer, .answered = now};
      news = answers_.put(last);
      if (news) text = to_text(last);
    } else {
      news = answers_.forget(lookup.name, lookup.type);
    }
  }
  if (news) services_.store.note(note_key(lookup), std::move(text), now);
  note_answer(lookup);
}

void StaleResolver::note_trouble(const Lookup& lookup, const DnsAnswer& answer, const DnsAnswer& stale,
                                 bool slow) {
  const WallTime now = services_.clock.wall();
  const SteadyTime steady = services_.clock.now();
  {
    const std::lock_guard lock(mutex_);
    Trouble& trouble = troubles_.touch(lookup.name);
    if (trouble.types.empty()) trouble.since = now;
    trouble.types.insert(lookup.type);
    trouble.lately = now;
    trouble.why = answer.why;
    if (slow) {
      trouble.silent_until = steady + silence;
      for (const MxRecord& mx : stale.mx) troubles_.touch(mx.host).silent_until = steady + silence;
    }
    Trouble& known = troubles_.touch(lookup.name);
    if (known.told || !warnings_.pass(lookup.name, steady)) return;
    known.told = true;
  }
  LogLine line("dns-stale");
  line.put("name", printable(lookup.name)).put("type", to_string(lookup.type));
  line.put("why", printable(stale.why, 500));
  services_.log.warning(line);
}

void StaleResolver::note_answer(const Lookup& lookup) {
  LogLine line("dns-back");
  {
    const std::lock_guard lock(mutex_);
    if (troubles_.size() == 0) return;
    Trouble* trouble = troubles_.find(lookup.name);
    if (trouble == nullptr) return;
    trouble->types.erase(lookup.type);
    trouble->silent_until = {};
    if (!trouble->types.empty()) return;
    const auto took = std::chrono::floor<std::chrono::seconds>(services_.clock.wall() - trouble->since);
    const bool told = trouble->told;
    troubles_.erase(lookup.name);
    if (!told) return;
    line.put("name", printable(lookup.name)).put("after", std::max<std::int64_t>(0, took.count()));
  }
  services_.log.warning(line);
}

std::vector<StaleName> StaleResolver::names() const {
  std::vector<StaleName> names;
  const WallTime now = services_.clock.wall();
  {
    const std::lock_guard lock(mutex_);
    troubles_.each([&](const std::string& name, const Trouble& trouble) {
      if (!trouble.types.empty() && now - trouble.lately <= current)
        names.push_back({name, trouble.since, trouble.lately, trouble.why});
    });
  }
  std::stable_sort(names.begin(), names.end(),
                   [](const StaleName& a, const StaleName& b) { return a.lately > b.lately; });
  return names;
}

}  // namespace fallbackmx
