#include "probe/dns/dns_resolver.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "probe/base/text_file.h"
#include "probe/dns/lookups.h"
#include "probe/mail/host_name.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

using Status = DnsAnswer::Status;

constexpr std::size_t longest_name = 253;  // what 255 bytes on the wire leave (RFC 1035 section 3.1)

/// A domain may have a hundred MX hosts.
constexpr std::size_t most_at_once = 16;

/// What a condition variable can add to its own time, whatever our deadline is.
constexpr auto longest_sleep = std::chrono::minutes(1);

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

DnsAnswer not_askable(std::string_view asked, RecordType type) {
  return without_records(Status::nx_domain,
                         question_text(printable(asked, 100), type) + ": not a valid host name");
}

}  // namespace

/// Ends a flight however its asker ends.
class DnsResolver::Landing {
 public:
  Landing(DnsResolver& resolver, const std::string& key, Flight& flight)
      : resolver_(resolver), key_(key), flight_(flight) {}
  ~Landing() {
    std::lock_guard lock(resolver_.mutex_);
    flight_.done = true;
    resolver_.flights_.erase(key_);
    flight_.landed.notify_all();
  }
  Landing(const Landing&) = delete;
  Landing& operator=(const Landing&) = delete;

 private:
  DnsResolver& resolver_;
  const std::string& key_;
  Flight& flight_;
};

std::optional<DnsAnswer> DnsResolver::at_hand(std::string_view asked, RecordType type) {
  const std::string name = lower_case(asked);
  if (!can_be_asked(name)) return not_askable(asked, type);
  const std::lock_guard lock(mutex_);
  return cache_.find(question_text(name, type), clock_.now());
}

DnsAnswer DnsResolver::lookup_patiently(std::string_view asked, RecordType type, const Patience& patience) {
  const std::string name = lower_case(asked);
  if (!can_be_asked(name)) return not_askable(asked, type);
  const std::string key = question_text(name, type);
  std::shared_ptr<Flight> flight;
  while (!flight) {
    std::unique_lock lock(mutex_);
    if (auto cached = cache_.find(key, clock_.now())) return *std::move(cached);
    const auto known = flights_.find(key);
    if (known == flights_.end()) {
      flight = flights_.emplace(key, std::make_shared<Flight>()).first->second;
      break;
    }
    const auto others = known->second;
    if (!wait_for(*others, lock, patience)) {
      return without_records(Status::temporary, key + ": no answer in time");
    }
    if (others->answer) return *others->answer;
  }

  const Landing landing(*this, key, *flight);
  Learned learned = ask(name, type, patience);
  if (!learned.out_of_time) {
    std::lock_guard lock(mutex_);
    cache_.put(key, learned.answer, clock_.now());
    flight->answer = learned.answer;
  }
  return std::move(learned.answer);
}

bool DnsResolver::wait_for(Flight& flight, std::unique_lock<std::mutex>& lock,
                           const Patience& patience) const {
  while (!flight.done) {
    const SteadyTime now = clock_.now();
    if (now >= patience.end()) return false;
    flight.landed.wait_for(lock,
                           std::min<SteadyTime::duration>(patience.next_look(now) - now, longest_sleep));
  }
  return true;
}

std::vector<DnsAnswer> DnsResolver::lookup_all(std::span<const Lookup> wanted, SteadyTime deadline) {
  Lookups lookups(wanted, deadline);
  std::vector<std::size_t> unknown;
  {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto key = question_text(lower_case(wanted[i].name), wanted[i].type);
      auto known = cache_.find(key, clock_.now());
      if (known) {
        lookups.end(i, *std::move(known), clock_.now());
      } else {
        unknown.push_back(i);
      }
    }
  }
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < unknown.size(); i = next++) {
      const std::size_t question = unknown[i];
      const Patience& patience = lookups.begin(question, clock_.now());
      lookups.end(question, lookup_without_throwing(wanted[question], patience), clock_.now());
    }
  };
  std::vector<std::jthread> helpers;
  try {
    while (helpers.size() + 1 < std::min(unknown.size(), most_at_once)) helpers.emplace_back(work);
  } catch (const std::exception&) {
    // Out of threads: those there are do it all, in the time there is.
  }
  work();
  helpers.clear();  // joined before the answers leave
  return std::move(lookups).answers();
}

DnsAnswer DnsResolver::lookup_without_throwing(const Lookup& wanted, const Patience& patience) noexcept {
  try {
    DnsAnswer answer = lookup_patiently(wanted.name, wanted.type, patience);
    if (answer.status == Status::temporary && patience.shortened())
      answer.why += "; not waited for any longer, as the host's other addresses are known";
    return answer;
  } catch (const std::exception&) {
    DnsAnswer answer;               // "temporary"
    answer.why = "no memory left";  // short enough to need none
    return answer;
  }
}

DnsResolver::Learned DnsResolver::ask(const std::string& name, RecordType type, const Patience& patience) {
  const std::string question = question_text(name, type);
  std::string current = name;
  bool authentic = true;
  auto ttl = std::chrono::seconds::max();
  // A packet that leads to another question holds at least one CNAME record.
  for (int packets = 0; packets <= most_cnames; ++packets) {
    auto outcome = transport_.ask(current, type, patience);
    if (!outcome.reply) {
      const std::string through = current == name ? "" : " (alias of " + printable(current, 100) + ")";
      return {without_records(Status::temporary, question + through + ": " + outcome.why),
              outcome.out_of_time};
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
    if (answer.status == Status::ok) return {std::move(answer), false};
    const std::string through =
        answer.canonical == name ? "" : " (alias of " + printable(answer.canonical, 100) + ")";
    answer.why = question + through + ": " + answer.why + ", says " + outcome.server.text();
    return {std::move(answer), false};
  }
  auto answer =
      without_records(Status::nx_domain, question + ": more than 10 CNAME records, or a loop of them");
  answer.ttl = ttl;
  return {std::move(answer), false};
}

std::unique_ptr<Resolver> make_resolver(const Settings& settings, Clock& clock, Log* log) {
  NameServers servers;
  if (settings.resolver.empty()) {
    const auto file = std::make_shared<ResolvConfFile>("/etc/resolv.conf", clock);
    servers = [file] { return file->current(); };
  } else {
    const auto fixed = std::make_shared<ResolvConf>();
    for (const auto& item : settings.resolver) {
      if (auto server = parse_name_server(item)) fixed->servers.push_back(*server);
    }
    servers = [fixed]() -> std::shared_ptr<const ResolvConf> { return fixed; };
  }
  const auto trust = [networks = settings.trusted_resolver](const IpAddress& server) {
    return networks.contains(server);
  };
  const auto say = [log](const NameServer& server) {
    if (log == nullptr) return;
    log->warning(
        "name server " + server.text() +
        " does not answer questions with EDNS (RFC 6891), and is asked without; if its answers are not "
        "marked as validated (AD) then, DANE (smtp_tls_security_level = dane) finds no signed domains");
  };
  return std::make_unique<DnsResolver>(std::move(servers), trust, clock, say);
}

}  // namespace fallbackmx
