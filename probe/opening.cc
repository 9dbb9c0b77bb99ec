#include "probe/opening.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <cctype>

#include "probe/metrics.h"
#include "probe/silence.h"

namespace fallbackmx {

namespace {

/// The first word of a greeting or of an EHLO reply is the server's name (RFC 5321 section 4.2).
std::string first_word(const SmtpReply& reply) {
  const std::string text = reply.lines.empty() ? std::string() : reply.lines.front();
  return text.substr(0, text.find(' '));
}

std::set<std::string> extensions_of(const SmtpReply& reply) {
  std::set<std::string> keywords;
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    std::string keyword = reply.lines[i].substr(0, reply.lines[i].find(' '));
    std::transform(keyword.begin(), keyword.end(), keyword.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    keywords.insert(keyword);
  }
  return keywords;
}

}  // namespace

std::optional<Opened> Opening::open(std::vector<std::size_t> candidates) {
  // Who cannot show what is demanded is not even knocked at.
  std::erase_if(candidates, [this](std::size_t endpoint) { return !make_demand(endpoint); });
  while (!candidates.empty()) {
    auto connected = connect(candidates);
    if (!connected) return std::nullopt;
    took(Stage::connect, connected->started);
    std::erase(candidates, connected->endpoint);
    if (auto session = introduce(std::move(*connected))) return session;
    if (destination_.stopping()) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ConnectionRace::Runner> Opening::connect(std::vector<std::size_t>& candidates) {
  return ConnectionRace(engine_, destination_, slot_, *settings_, candidates).run();
}

/// What this endpoint must show of TLS; false, and said to the destination, when that cannot be met at all.
bool Opening::make_demand(std::size_t endpoint) {
  const Endpoint& server = servers_.endpoint(endpoint);
  const TlsPolicy& policy = servers_.tls_policy(endpoint);
  std::optional<DnsAnswer> tlsa;
  if (needs_tlsa(policy, server)) {
    const SteadyTime deadline = engine_.services.clock.now() + settings_->smtp_connect_timeout;
    tlsa = engine_.services.resolver.lookup(tlsa_name(server), RecordType::tlsa, deadline);
  }
  TlsDemand& demand = demands_[endpoint] = tls_demand(policy, server, tlsa ? &*tlsa : nullptr);
  engine_.services.log.debug(fmt::format("{}: TLS level {}, by policy {}", server.text(),
                                         to_string(demand.level), to_string(policy.level)));
  if (demand.why_not.empty()) return true;
  const Verdict verdict = demand.unavailable ? Verdict::unavailable : Verdict::refused;
  const ProbeResult result = befell(verdict, Stage::starttls, server, demand.why_not);
  servers_.alarm(endpoint, result);
  destination_.unreachable(slot_, endpoint, result);
  return false;
}

/// With TLS if we can; where it is not required and breaks, once more on a new connection without.
std::optional<Opened> Opening::introduce(ConnectionRace::Runner connected) {
  const Services& services = engine_.services;
  const Endpoint& server = servers_.endpoint(connected.endpoint);
  const TlsDemand& demand = demands_.at(connected.endpoint);
  bool with_tls = demand.level != TlsLevel::none;
  for (;;) {
    Opened session;
    session.endpoint = connected.endpoint;
    session.dialogue = std::make_unique<Dialogue>(std::move(connected.stream), services.streams,
                                                  *slot_.sleeper, services.log, server.text());
    switch (greet(session, demand, with_tls)) {
      case Greeted::yes:
        services.metrics.count(Counter::tls_sessions, {session.tls, "ok"});
        return session;
      case Greeted::no:
        return std::nullopt;
      case Greeted::try_plaintext:
        break;
    }
    session.dialogue.reset();
    with_tls = false;
    std::vector<std::size_t> same{connected.endpoint};
    auto again = connect(same);
    if (!again) return std::nullopt;
    connected = std::move(*again);
  }
}

Opening::Greeted Opening::greet(Opened& session, const TlsDemand& demand, bool with_tls) {
  const SteadyTime begun = engine_.services.clock.now();
  stage_ = Stage::greeting;
  const auto greeting = reply(session, settings_->smtp_helo_timeout);
  if (greeting) took(Stage::greeting, begun);
  const Judgement judgement = judge_reply(Stage::greeting, greeting, {});
  if (judgement.next != Judgement::Next::go_on) return give_up(session, Stage::greeting, judgement, greeting);
  if (const auto trouble = say_hello(session, demand.required())) return *trouble;
  if (!with_tls) return Greeted::yes;
  if (session.extensions.contains("STARTTLS")) return start_tls(session, demand);
  if (!demand.required()) return Greeted::yes;
  return give_up(
      session, {.alarm = true},
      befell(Verdict::refused, Stage::starttls, servers_.endpoint(session.endpoint),
             fmt::format("does not offer STARTTLS, which level {} requires", to_string(demand.level))),
      true);
}

/// EHLO, or HELO where EHLO is not known. Nothing: the server has answered well.
std::optional<Opening::Greeted> Opening::say_hello(Opened& session, bool tls_required) {
  const SteadyTime begun = engine_.services.clock.now();
  stage_ = Stage::ehlo;
  auto hello = converse(session, "EHLO " + settings_->smtp_helo_name, settings_->smtp_helo_timeout);
  if (hello) took(Stage::ehlo, begun);
  Judgement judgement = judge_reply(Stage::ehlo, hello, {.tls_required = tls_required});
  const bool extended = judgement.next != Judgement::Next::try_helo;
  if (!extended) {
    hello = converse(session, "HELO " + settings_->smtp_helo_name, settings_->smtp_helo_timeout);
    judgement = judge_reply(Stage::ehlo, hello, {.helo_tried = true});
  }
  if (judgement.next != Judgement::Next::go_on) return give_up(session, Stage::ehlo, judgement, hello);
  session.extensions = extended ? extensions_of(*hello) : std::set<std::string>();
  return std::nullopt;
}

Opening::Greeted Opening::start_tls(Opened& session, const TlsDemand& demand) {
  const Endpoint& server = servers_.endpoint(session.endpoint);
  const Circumstances circumstances{.tls_required = demand.required()};
  const SteadyTime begun = engine_.services.clock.now();
  stage_ = Stage::starttls;
  auto go_ahead = converse(session, "STARTTLS", settings_->smtp_starttls_timeout);
  // What was injected behind the 220 is forgotten when TLS starts; it was no word of the server's.
  if (go_ahead && go_ahead->category() == 2) go_ahead->contradictory = false;
  Judgement judgement = judge_reply(Stage::starttls, go_ahead, circumstances);
  bool broken = false;
  if (judgement.next == Judgement::Next::go_on) {
    session.dialogue->start_tls(engine_.tls(), demand, server);
    const SteadyTime now = engine_.services.clock.now();
    const SteadyTime deadline = now + settings_->smtp_starttls_timeout;
    SteadyTime silent_at = now + silence_time;
    Dialogue::Event event;
    do {
      event = wait(session, deadline, silent_at, true);
    } while (event == Dialogue::Event::woken && !destination_.stopping());
    if (event == Dialogue::Event::bytes) {
      took(Stage::starttls, begun);
      session.tls = to_string(demand.level);
      engine_.services.log.debug(fmt::format("{}: TLS stands, level {}: {}", server.text(), session.tls,
                                             session.dialogue->cipher()));
      return say_hello(session, false).value_or(Greeted::yes);
    }
    broken = true;
    if (!destination_.stopping())
      engine_.services.metrics.count(Counter::tls_sessions, {to_string(demand.level), "failed"});
    judgement = judge_reply(Stage::starttls, std::nullopt, circumstances);
  }
  if (destination_.stopping()) return Greeted::no;
  if (judgement.next != Judgement::Next::try_plaintext) {
    return give_up(session, Stage::starttls, judgement, broken ? std::nullopt : go_ahead);
  }
  const bool answered = go_ahead && !broken;
  if (answered) quit(session);
  engine_.services.log.info(
      fmt::format("{}: STARTTLS failed ({}), once more without TLS", server.text(),
                  answered ? printable(go_ahead->text(), 100) : session.dialogue->trouble()));
  return Greeted::try_plaintext;
}

/// Says a command and waits for the reply.
std::optional<SmtpReply> Opening::converse(Opened& session, std::string_view command,
                                           std::chrono::seconds timeout) {
  session.dialogue->send(command);
  return reply(session, timeout);
}

/// Waits for something to happen. A server that has said nothing until `silent_at` keeps nobody waiting any
/// longer.
Dialogue::Event Opening::wait(Opened& session, SteadyTime deadline, SteadyTime& silent_at, bool handshake) {
  for (;;) {
    const SteadyTime until = std::min(deadline, silent_at);
    const auto event = handshake ? session.dialogue->handshake(until) : session.dialogue->exchange(until);
    if (event != Dialogue::Event::deadline || until == deadline) return event;
    silent_at = SteadyTime::max();
    destination_.fell_silent(slot_, session.endpoint,
                             befell(Verdict::unavailable, stage_, servers_.endpoint(session.endpoint),
                                    fmt::format("has said nothing for {} s", silence_time.count())));
  }
}

/// Nothing when there was no reply in time, or the destination is stopping.
std::optional<SmtpReply> Opening::reply(Opened& session, std::chrono::seconds timeout) {
  const SteadyTime now = engine_.services.clock.now();
  // After STARTTLS there is plaintext to fall back to.
  const SteadyTime deadline = now + (stage_ == Stage::starttls ? timeout : patience(timeout));
  SteadyTime silent_at = now + waited_for(timeout);
  for (;;) {
    if (auto complete = session.dialogue->next_reply()) {
      // Nothing more was asked for: what runs ahead would be taken for the answers to other commands.
      if (session.dialogue->unread()) complete->contradictory = true;
      destination_.spoke_again(slot_);
      return complete;
    }
    if (destination_.stopping()) return std::nullopt;
    switch (wait(session, deadline, silent_at, false)) {
      case Dialogue::Event::bytes:
      case Dialogue::Event::woken:
        continue;
      case Dialogue::Event::deadline:
      case Dialogue::Event::broken:
        return std::nullopt;
    }
  }
}

Judgement Opening::judge_reply(Stage stage, const std::optional<SmtpReply>& reply,
                               Circumstances circumstances) {
  if (reply) {
    const std::string name = first_word(*reply);
    circumstances.own_name =
        !name.empty() && (strcasecmp(name.c_str(), settings_->myhostname.c_str()) == 0 ||
                          strcasecmp(name.c_str(), settings_->smtp_helo_name.c_str()) == 0);
  }
  return judge({stage, reply ? &*reply : nullptr}, circumstances);
}

void Opening::took(Stage stage, SteadyTime since) {
  const Services& services = engine_.services;
  services.metrics.observe(Timer::stage_time, services.clock.now() - since, {to_string(stage)});
}

void Opening::quit(Opened& session) {
  session.dialogue->quit(engine_.services.clock.now() + settings_->smtp_quit_timeout,
                         [this] { return destination_.stopping(); });
}

Opening::Greeted Opening::give_up(Opened& session, Stage stage, const Judgement& judgement,
                                  const std::optional<SmtpReply>& reply) {
  const Endpoint& server = servers_.endpoint(session.endpoint);
  ProbeResult result = reply ? said(judgement.verdict, stage, server, *reply)
                             : befell(judgement.verdict, stage, server, session.dialogue->trouble());
  result.silent = !reply && session.dialogue->timed_out();
  if (judgement.verdict == Verdict::misrouted) result.why += ": that is our own name, mail for it would loop";
  return give_up(session, judgement, result, reply.has_value());
}

/// Tells the destination, and takes leave of a server that still listens, or that we leave in the middle.
Opening::Greeted Opening::give_up(Opened& session, const Judgement& judgement, const ProbeResult& result,
                                  bool listens) {
  if (!destination_.stopping()) {
    if (judgement.alarm) servers_.alarm(session.endpoint, result);
    destination_.unreachable(slot_, session.endpoint, result);
  }
  if (listens || destination_.stopping()) quit(session);
  return Greeted::no;
}

}  // namespace fallbackmx
