#include "probe/dns/dns_resolver.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "probe/base/text.h"
#include "probe/dns/dns_cache.h"
#include "probe/mail/host_name.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

using Status = DnsAnswer::Status;

constexpr std::size_t longest_name = 253;  // what 255 bytes on the wire leave (RFC 1035 section 3.1)

/// A domain may have a hundred MX hosts.
constexpr std::size_t most_at_once = 16;

bool can_be_asked(const std::string& name) { return name.size() <= longest_name && valid_hostname(name); }

std::string question_text(const std::string& name, RecordType type) {
  return name + " " + std::string(to_string(type));
}

DnsAnswer without_records(Status status, std::string why) {
  DnsAnswer answer;
  answer.status = status;
  answer.why = std::move(why);
  return answer;
}

/// Nothing was learned about it.
DnsAnswer unanswered(const Lookup& lookup, std::string_view why) {
  return without_records(Status::temporary,
                         question_text(lower_case(lookup.name), lookup.type) + ": " + std::string(why));
}

DnsAnswer not_askable(std::string_view asked, RecordType type) {
  return without_records(Status::nx_domain,
                         question_text(printable(asked, 100), type) + ": not a valid host name");
}

bool for_addresses(RecordType type) { return type == RecordType::a || type == RecordType::aaaa; }

/// The two questions about a host's addresses, which stand one behind the other.
bool belong_together(const Lookup& one, const Lookup& other) {
  return one.name == other.name && one.type != other.type && for_addresses(one.type) &&
         for_addresses(other.type);
}

/// A question on its way.
struct Flight {
  Flight(Loop& loop, std::string question, SteadyTime until)
      : key(std::move(question)), place(loop), wanted(until) {}

  const std::string key;  ///< question_text(): to land needs no memory for it
  WaitPoint place;        ///< where it waits for name servers
  SteadyTime wanted;      ///< by the most patient of those that ask
  bool landed = false;
  std::optional<DnsAnswer> answer;  ///< none: there was no memory for it
  std::vector<WaitPoint*> waiting;  ///< those that ask
};

struct Learned {
  DnsAnswer answer;
  bool out_of_time = false;  ///< says more about the deadline than about the name
};

Learned learned(DnsAnswer answer, bool out_of_time = false) { return {std::move(answer), out_of_time}; }

/// A name whose servers were silent a moment ago is asked for all the same, by nobody who waits, for so long.
constexpr std::chrono::seconds unhurried{10};

/// One of several questions, for who waits for all of them.
struct Wanted {
  std::shared_ptr<Flight> flight;
  std::optional<DnsAnswer> answer;
  SteadyTime until{};    ///< waited for no longer
  bool hurried = false;  ///< because the other addresses of its host are known
};

/// All of them, and where their asker waits.
struct Asking {
  Asking(Loop& loop, std::size_t many) : place(loop), all(many) {}
  ~Asking() {
    for (Wanted& each : all) {
      if (each.flight) std::erase(each.flight->waiting, &place);
    }
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  WaitPoint place;
  std::vector<Wanted> all;
};

}  // namespace

/// What lives on the loop; the cache is read by all threads.
class DnsResolver::Questions : public std::enable_shared_from_this<Questions> {
 public:
  Questions(Loop& loop, NameServers servers, Trust trust, DnsTransport::WithoutEdns without_edns)
      : loop_(loop),
        transport_(std::move(servers), loop.clock(), std::move(without_edns)),
        trust_(std::move(trust)) {}

  Loop& loop() const { return loop_; }

  std::optional<DnsAnswer> in_cache(const std::string& name, RecordType type) {
    const std::lock_guard lock(mutex_);
    return cache_.find(question_text(name, type), loop_.clock().now());
  }

  /// Each answer by the deadline, in the order of the questions. They outlive it.
  Task<std::vector<DnsAnswer>> find_all(std::span<const Lookup> lookups, SteadyTime deadline) {
    Asking asking(loop_, lookups.size());
    for (Wanted& each : asking.all) each.until = deadline;
    while (advance(lookups, asking.all, asking.place)) {
      SteadyTime until = deadline;
      for (const Wanted& each : asking.all) {
        if (each.flight && !each.answer) until = std::min(until, each.until);
      }
      co_await asking.place.until(until);
    }
    std::vector<DnsAnswer> answers;
    answers.reserve(asking.all.size());
    for (Wanted& each : asking.all) answers.push_back(*std::move(each.answer));
    co_return answers;
  }

  void ask_ahead(const std::string& name, RecordType type) {
    if (can_be_asked(name) && !in_cache(name, type) && !stopping_)
      join(name, type, loop_.clock().now() + unhurried);
  }

  void stop() noexcept {
    stopping_ = true;
    for (const auto& [key, flight] : flights_) {
      flight->wanted = SteadyTime::min();
      flight->place.wake();
    }
  }

 private:
  /// Begins what may begin, and takes up what has come; false when nothing is missing.
  bool advance(std::span<const Lookup> lookups, std::vector<Wanted>& all, WaitPoint& place) {
    const SteadyTime now = loop_.clock().now();
    std::size_t flying = 0, missing = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      Wanted& wanted = all[i];
      if (wanted.answer) continue;
      if (!wanted.flight && flying < most_at_once) begin(lookups[i], wanted, place);
      if (wanted.flight && !wanted.answer) look_at(lookups[i], wanted, now);
      flying += wanted.flight && !wanted.answer ? 1 : 0;
      missing += wanted.answer ? 0 : 1;
    }
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (!belong_together(lookups[i - 1], lookups[i])) continue;
      hurry(all[i - 1], all[i], now);
      hurry(all[i], all[i - 1], now);
    }
    return missing > 0;
  }

  void begin(const Lookup& lookup, Wanted& wanted, WaitPoint& place) {
    const std::string name = lower_case(lookup.name);
    if (!can_be_asked(name)) {
      wanted.answer = not_askable(lookup.name, lookup.type);
    } else if (auto known = in_cache(name, lookup.type)) {
      wanted.answer = *std::move(known);
    } else if (stopping_) {
      wanted.answer = unanswered(lookup, "no answer in time");
    } else if (auto failure = slow_failure(name, lookup.type)) {
      join(name, lookup.type, loop_.clock().now() + unhurried);
      wanted.answer = *std::move(failure);
    } else {
      wanted.flight = join(name, lookup.type, wanted.until);
      wanted.flight->waiting.push_back(&place);
    }
  }

  /// Nobody waits once more, for some time, for name servers that were silent. Those that are silent about MX
  /// or A of a name are so about all of it; about AAAA some are that answer everything else.
  std::optional<DnsAnswer> slow_failure(const std::string& name, RecordType type) {
    const std::lock_guard lock(mutex_);
    for (const RecordType asked : {type, RecordType::mx, RecordType::a}) {
      if (auto failure = cache_.slow_failure(question_text(name, asked), loop_.clock().now())) return failure;
    }
    return std::nullopt;
  }

  void look_at(const Lookup& lookup, Wanted& wanted, SteadyTime now) {
    const Flight& flight = *wanted.flight;
    if (flight.landed && flight.answer)
      wanted.answer = flight.answer;
    else if (flight.landed)
      wanted.answer = unanswered(lookup, "no memory left");
    else if (now >= wanted.until || stopping_)
      wanted.answer = unanswered(lookup, "no answer in time");
    if (wanted.hurried && wanted.answer && wanted.answer->status == Status::temporary)
      wanted.answer->why += "; not waited for any longer, as the host's other addresses are known";
  }

  /// Once one has addresses, nobody waits long for the other.
  static void hurry(Wanted& wanted, const Wanted& other, SteadyTime now) {
    if (wanted.answer || wanted.hurried || !wanted.flight || !other.answer) return;
    if (other.answer->addresses.empty() || wanted.until <= now + resolution_delay) return;
    wanted.until = now + resolution_delay;
    wanted.hurried = true;
  }

  std::shared_ptr<Flight> join(const std::string& name, RecordType type, SteadyTime until) {
    std::string key = question_text(name, type);
    if (const auto known = flights_.find(key); known != flights_.end()) {
      known->second->wanted = std::max(known->second->wanted, until);
      return known->second;
    }
    auto flight = std::make_shared<Flight>(loop_, std::move(key), until);
    const auto place = flights_.emplace(flight->key, flight).first;
    try {
      loop_.start(fly(shared_from_this(), name, type, flight));
    } catch (...) {
      flights_.erase(place);
      throw;
    }
    return flight;
  }

  static Task<> fly(std::shared_ptr<Questions> self, std::string name, RecordType type,
                    std::shared_ptr<Flight> flight) {
    try {
      const SteadyTime begun = self->loop_.clock().now();
      Learned learned = co_await self->learn(name, type, *flight);
      self->keep(flight->key, learned, self->loop_.clock().now() - begun);
      flight->answer = std::move(learned.answer);
    } catch (const std::exception&) {  // said to those that wait
    }
    self->land(*flight);
  }

  void keep(const std::string& key, const Learned& learned, SteadyTime::duration took) {
    // That it had little time says nothing about the name.
    if (learned.answer.status == Status::temporary &&
        (stopping_ || (learned.out_of_time && took < DnsCache::slow_from)))
      return;
    const std::lock_guard lock(mutex_);
    cache_.put(key, learned.answer, loop_.clock().now(), took);
  }

  void land(Flight& flight) noexcept {
    flight.landed = true;
    flights_.erase(flight.key);
    for (WaitPoint* place : std::exchange(flight.waiting, {})) place->wake();
  }

  Task<Learned> learn(const std::string& name, RecordType type, Flight& flight) {
    const std::string question = question_text(name, type);
    std::string current = name;
    bool authentic = true;
    auto ttl = std::chrono::seconds::max();
    // A packet that leads to another question holds at least one CNAME record.
    for (int packets = 0; packets <= most_cnames; ++packets) {
      auto outcome = co_await transport_.ask(current, type, {flight.wanted}, flight.place);
      if (!outcome.reply) {
        const std::string through = current == name ? "" : " (alias of " + printable(current, 100) + ")";
        co_return learned(without_records(Status::temporary, question + through + ": " + outcome.why),
                          outcome.out_of_time);
      }
      DnsReply& reply = *outcome.reply;
      authentic = authentic && reply.authentic_data && trust_(outcome.server.address);
      ttl = std::min(ttl, reply.answer.ttl);
      if (!reply.ask_on.empty() && can_be_asked(reply.ask_on)) {
        current = reply.ask_on;
        continue;
      }
      DnsAnswer answer = std::move(reply.answer);
      answer.authentic = authentic;
      answer.ttl = ttl;
      if (answer.status == Status::ok) co_return learned(std::move(answer));
      const std::string through =
          answer.canonical == name ? "" : " (alias of " + printable(answer.canonical, 100) + ")";
      answer.why = question + through + ": " + answer.why + ", says " + outcome.server.text();
      co_return learned(std::move(answer));
    }
    auto answer =
        without_records(Status::nx_domain, question + ": more than 10 CNAME records, or a loop of them");
    answer.ttl = ttl;
    co_return learned(std::move(answer));
  }

  Loop& loop_;
  DnsTransport transport_;
  const Trust trust_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
  bool stopping_ = false;
  std::mutex mutex_;  ///< guards what follows
  DnsCache cache_;
};

DnsResolver::DnsResolver(Loop& loop, NameServers servers, Trust trust, DnsTransport::WithoutEdns without_edns)
    : questions_(
          std::make_shared<Questions>(loop, std::move(servers), std::move(trust), std::move(without_edns))) {}

DnsResolver::~DnsResolver() {
  try {
    questions_->loop().post([questions = questions_] { questions->stop(); });
  } catch (const std::exception&) {  // then they end when their time is over
  }
}

std::optional<DnsAnswer> DnsResolver::at_hand(std::string_view asked, RecordType type) {
  const std::string name = lower_case(asked);
  if (!can_be_asked(name)) return not_askable(asked, type);
  return questions_->in_cache(name, type);
}

DnsAnswer DnsResolver::lookup(std::string_view name, RecordType type, SteadyTime deadline) {
  if (auto known = at_hand(name, type)) return *std::move(known);
  const Lookup one{std::string(name), type};
  return std::move(lookup_all({&one, 1}, deadline).front());
}

std::vector<DnsAnswer> DnsResolver::lookup_all(std::span<const Lookup> wanted, SteadyTime deadline) {
  std::vector<DnsAnswer> known;
  for (const Lookup& each : wanted) {
    auto answer = at_hand(each.name, each.type);
    if (!answer) return run_on(questions_->loop(), questions_->find_all(wanted, deadline));
    known.push_back(*std::move(answer));
  }
  return known;
}

void DnsResolver::ask_ahead(std::string_view name, RecordType type) {
  questions_->loop().post(
      [questions = questions_, name = lower_case(name), type] { questions->ask_ahead(name, type); });
}

Task<DnsAnswer> DnsResolver::ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) {
  if (&loop != &questions_->loop()) co_return co_await Resolver::ask(loop, std::move(name), type, deadline);
  const auto questions = questions_;
  const Lookup one{std::move(name), type};
  auto answers = co_await questions->find_all({&one, 1}, deadline);
  co_return std::move(answers.front());
}

}  // namespace fallbackmx
