#include "probe/dns/dns_transport.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace fallbackmx {

namespace {

/// For a server that was silent last time. Long enough for any that lives and knows, or is near one that
/// does.
constexpr auto little_time = std::chrono::milliseconds(1000);

/// Less than this is not divided between a question with EDNS and one without: either would come too soon.
constexpr auto time_for_both = std::chrono::milliseconds(900);

std::uint16_t random_id() {
  std::uint16_t id = 0;
  while (getrandom(&id, sizeof id, 0) != sizeof id) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return id;
}

bool is_answer(const DnsExchange& exchange) {
  return exchange.outcome == DnsExchange::Outcome::replied && exchange.reply.kind == DnsReply::Kind::answer;
}

void complain(std::string& complaints, const DnsExchange& exchange, const NameServer& server) {
  const bool replied = exchange.outcome == DnsExchange::Outcome::replied;
  const std::string complaint = (replied ? exchange.reply.why : exchange.why) + " from " + server.text();
  if (complaints.find(complaint) != std::string::npos) return;
  complaints += (complaints.empty() ? "" : ", ") + complaint;
}

DnsTransport::Outcome answered(DnsReply reply, const NameServer& server) {
  DnsTransport::Outcome outcome;
  outcome.reply = std::move(reply);
  outcome.server = server;
  return outcome;
}

DnsTransport::Outcome out_of_time(DnsTransport::Outcome outcome) {
  outcome.out_of_time = true;
  if (outcome.why.empty()) outcome.why = "no time left";
  return outcome;
}

}  // namespace

Task<DnsTransport::Outcome> DnsTransport::ask(const std::string& name, RecordType type, DnsPatience patience,
                                              WaitPoint& place) {
  const auto conf = servers_();
  auto candidates = health_.order(conf->servers, conf->rotate, clock_.now());
  Outcome outcome;
  if (candidates.empty()) outcome.why = "no name server is configured";
  for (int round = 0; round < conf->attempts && !candidates.empty(); ++round) {
    std::vector<NameServerHealth::Candidate> silent;
    for (const auto& candidate : candidates) {
      const SteadyTime asked = clock_.now();
      if (asked >= patience.end()) co_return out_of_time(std::move(outcome));
      const SteadyTime enough =
          asked + (candidate.doubtful ? std::min(conf->timeout, little_time) : conf->timeout);
      const DnsPatience its{patience.wanted, std::min(patience.own, enough)};
      auto exchange = co_await ask_server(candidate.server, name, type, conf->tcp, its, place);
      if (is_answer(exchange)) co_return answered(std::move(exchange.reply), candidate.server);
      complain(outcome.why, exchange, candidate.server);
      if (exchange.outcome == DnsExchange::Outcome::replied) continue;
      const SteadyTime now = clock_.now();
      const bool gave_up = exchange.outcome == DnsExchange::Outcome::silent;
      // One that had less time than it should have is not to blame.
      if (!gave_up || now >= enough) health_.silent(candidate.server, asked, now);
      if (gave_up) silent.push_back(candidate);
    }
    candidates = std::move(silent);
  }
  co_return clock_.now() >= patience.end() ? out_of_time(std::move(outcome)) : outcome;
}

Task<DnsExchange> DnsTransport::ask_server(const NameServer& server, const std::string& name, RecordType type,
                                           bool tcp, DnsPatience patience, WaitPoint& place) {
  using Edns = NameServerHealth::Edns;
  const SteadyTime begun = clock_.now();
  const Edns known = health_.edns(server, begun);
  bool edns = known != Edns::not_answered, was_silent = false, was_refused = false;
  for (;;) {
    const DnsQuestion question{random_id(), name, type, edns};
    // A server of which we do not know it yet gets half of the time to answer with EDNS.
    const bool half = edns && !tcp && known == Edns::unknown && patience.end() - begun >= time_for_both;
    const DnsPatience some{patience.wanted, half ? begun + (patience.end() - begun) / 2 : patience.own};
    auto asking =
        tcp ? ask_over_tcp(server, question, some, place) : ask_over_udp(server, question, some, place);
    auto exchange = co_await asking;
    if (exchange.outcome == DnsExchange::Outcome::flooded) {
      tcp = true;
      continue;
    }
    if (exchange.outcome == DnsExchange::Outcome::silent && half && clock_.now() < patience.end()) {
      edns = false;
      was_silent = true;
      continue;
    }
    if (exchange.outcome != DnsExchange::Outcome::replied) co_return exchange;
    health_.answered(server, clock_.now());
    const DnsReply::Kind kind = exchange.reply.kind;
    if (kind == DnsReply::Kind::no_edns) {
      edns = false;
      was_refused = true;
    } else if (kind == DnsReply::Kind::truncated && !tcp) {
      tcp = true;
    } else {
      if (kind == DnsReply::Kind::truncated) exchange.reply.why = "an answer cut short over TCP";
      if (edns) health_.answered_edns(server);
      const bool only_plain = was_silent || (was_refused && kind == DnsReply::Kind::answer);
      if (only_plain && health_.answered_only_plain(server, was_silent, clock_.now()) && without_edns_)
        without_edns_(server);
      co_return exchange;
    }
  }
}

}  // namespace fallbackmx
