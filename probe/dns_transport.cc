#include "probe/dns_transport.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace fallbackmx {

namespace {

constexpr auto rest_after_silence = std::chrono::seconds(30);
/// For a server that was silent last time. Long enough for any that lives and knows, or is near one that
/// does.
constexpr auto little_time = std::chrono::milliseconds(1000);

std::uint16_t random_id() {
  std::uint16_t id = 0;
  while (getrandom(&id, sizeof id, 0) != sizeof id) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return id;
}

void complain(std::string& complaints, const std::string& what, const NameServer& server) {
  const std::string complaint = what + " from " + server.text();
  if (complaints.find(complaint) != std::string::npos) return;
  complaints += (complaints.empty() ? "" : ", ") + complaint;
}

}  // namespace

std::vector<NameServerHealth::Candidate> NameServerHealth::order(const std::vector<NameServer>& servers,
                                                                 bool rotate, SteadyTime now) {
  std::lock_guard lock(mutex_);
  std::vector<Candidate> candidates, resting;
  const std::size_t first = rotate ? turn_++ : 0;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const NameServer& server = servers[(first + i) % servers.size()];
    State& state = states_[server.text()];
    const bool trial = state.down && now >= state.trial_at;
    // Written before knocking: while this caller waits, the others do not.
    if (trial) state.trial_at = now + rest_after_silence;
    (state.down && !trial ? resting : candidates).push_back({server, state.down});
  }
  candidates.insert(candidates.end(), resting.begin(), resting.end());
  return candidates;
}

void NameServerHealth::answered(const NameServer& server, SteadyTime now) {
  std::lock_guard lock(mutex_);
  State& state = states_[server.text()];
  state.down = false;
  state.last_answer = now;
}

void NameServerHealth::silent(const NameServer& server, SteadyTime asked, SteadyTime now) {
  std::lock_guard lock(mutex_);
  State& state = states_[server.text()];
  if (state.last_answer >= asked) return;
  state.down = true;
  state.trial_at = now + rest_after_silence;
}

DnsTransport::Outcome DnsTransport::ask(const std::string& name, RecordType type, SteadyTime deadline) {
  const auto conf = servers_();
  auto candidates = health_.order(conf->servers, conf->rotate, clock_.now());
  Outcome outcome;
  if (candidates.empty()) outcome.why = "no name server is configured";
  for (int round = 0; round < conf->attempts && !candidates.empty(); ++round) {
    std::vector<NameServerHealth::Candidate> silent;
    for (const auto& candidate : candidates) {
      const SteadyTime asked = clock_.now();
      if (asked >= deadline) {
        complain(outcome.why, "no time left for an answer", candidate.server);
        outcome.out_of_time = true;
        return outcome;
      }
      const auto patience = candidate.doubtful ? std::min(conf->timeout, little_time) : conf->timeout;
      const SteadyTime until = std::min(deadline, asked + patience);
      auto exchange = ask_server(candidate.server, name, type, conf->tcp, until);
      const SteadyTime now = clock_.now();
      if (exchange.outcome == DnsExchange::Outcome::replied) {
        if (exchange.reply.kind == DnsReply::Kind::answer) {
          return {std::move(exchange.reply), candidate.server, {}, false};
        }
        complain(outcome.why, exchange.reply.why, candidate.server);
        continue;
      }
      complain(outcome.why, exchange.why, candidate.server);
      if (now >= deadline) {
        // Perhaps it had too little time to be blamed for anything.
        if (deadline >= asked + patience) health_.silent(candidate.server, asked, now);
        outcome.out_of_time = true;
        return outcome;
      }
      health_.silent(candidate.server, asked, now);
      if (exchange.outcome == DnsExchange::Outcome::silent)
        silent.push_back({candidate.server, candidate.doubtful});
    }
    candidates = std::move(silent);
  }
  return outcome;
}

DnsExchange DnsTransport::ask_server(const NameServer& server, const std::string& name, RecordType type,
                                     bool tcp, SteadyTime deadline) {
  bool edns = true;
  for (;;) {
    const DnsQuestion question{random_id(), name, type, edns};
    auto exchange = tcp ? ask_over_tcp(server, question, deadline, clock_)
                        : ask_over_udp(server, question, deadline, clock_);
    const bool truncated =
        exchange.outcome == DnsExchange::Outcome::replied && exchange.reply.kind == DnsReply::Kind::truncated;
    // It lives, whatever becomes of the second try.
    if (exchange.outcome == DnsExchange::Outcome::replied) health_.answered(server, clock_.now());
    if (!tcp && (truncated || exchange.outcome == DnsExchange::Outcome::flooded)) {
      tcp = true;
    } else if (edns && exchange.outcome == DnsExchange::Outcome::replied &&
               exchange.reply.kind == DnsReply::Kind::no_edns) {
      edns = false;
    } else {
      if (truncated) exchange.reply.why = "an answer cut short over TCP";
      return exchange;
    }
  }
}

}  // namespace fallbackmx
