#include "probe/smtp/opening.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "probe/base/metrics.h"
#include "probe/primary/silence.h"

namespace fallbackmx {

namespace {

/// The first word of a greeting or of an EHLO reply is the server's name (RFC 5321 section 4.2).
std::string first_word(const SmtpReply& reply) {
  const std::string text = reply.lines.empty() ? std::string() : reply.lines.front();
  return text.substr(0, text.find(' '));
}

/// How long a server whose TLS sessions break is asked in plaintext, before TLS is tried again.
constexpr std::chrono::hours plaintext_lifetime{1};

/// The port at which servers expect TLS from the first byte on (RFC 8314).
constexpr std::uint16_t submissions_port = 465;

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::set<std::string> extensions_of(const SmtpReply& reply) {
  std::set<std::string> keywords;
  for (std::size_t i = 1; i < reply.lines.size(); ++i)
    keywords.insert(upper_case(reply.lines[i].substr(0, reply.lines[i].find(' '))));
  return keywords;
}

constexpr std::string_view wrappermode_missing =
    "; at port 465 servers wait for TLS: smtp_tls_wrappermode = yes";
bool waits_for_tls(Stage stage, const Endpoint& server, const Opened& session) {
  return stage == Stage::greeting && server.port == submissions_port && session.tls == "none";
}

}  // namespace

Task<std::optional<Opened>> Opening::open(std::vector<std::size_t> candidates) {
  // Who cannot show what is demanded is not even knocked at.
  for (const std::size_t endpoint : std::exchange(candidates, {})) {
    if (co_await make_demand(endpoint)) candidates.push_back(endpoint);
  }
  while (!candidates.empty()) {
    auto connected = co_await connect(candidates);
    if (!connected) co_return std::nullopt;
    took(Stage::connect, connected->started);
    last_word_ = connected->started;
    std::erase(candidates, connected->endpoint);
    destination_.connected(slot_, connected->endpoint);
    if (auto session = co_await introduce(std::move(*connected))) co_return session;
    // The others were asked meanwhile.
    if (fell_silent_ || destination_.stopping()) co_return std::nullopt;
  }
  co_return std::nullopt;
}

Task<std::optional<ConnectionRace::Runner>> Opening::connect(std::vector<std::size_t>& candidates) {
  ConnectionRace race(engine_, destination_, slot_, *settings_, candidates);
  co_return co_await race.run();
}

/// What this endpoint must show of TLS; false, and said to the destination, when that cannot be met at all.
Task<bool> Opening::make_demand(std::size_t endpoint) {
  const Endpoint& server = servers_.endpoint(endpoint);
  const TlsPolicy& policy = servers_.tls_policy(endpoint);
  std::string base;
  const std::optional<DnsAnswer> tlsa = co_await find_tlsa(policy, server, base);
  TlsDemand& demand = demands_[endpoint] = tls_demand(policy, server, tlsa ? &*tlsa : nullptr, base);
  engine_.services.log.debug(fmt::format("{}: TLS level {}, by policy {}", server.text(),
                                         to_string(demand.level), to_string(policy.level)));
  if (demand.why_not.empty()) co_return true;
  const Verdict verdict = demand.unavailable ? Verdict::unavailable : Verdict::refused;
  const ProbeResult result = befell(verdict, Stage::starttls, server, demand.why_not);
  servers_.alarm(endpoint, result);
  destination_.unreachable(slot_, endpoint, result);
  co_return false;
}

/// The answer of the first base domain that has records, or gives no answer; only records that OpenSSL can
/// use. Nothing where none are needed.
Task<std::optional<DnsAnswer>> Opening::find_tlsa(const TlsPolicy& policy, const Endpoint& server,
                                                  std::string& base) {
  const bool perhaps = may_need_tlsa(policy, server);
  if (!perhaps && !needs_tlsa(policy, server)) co_return std::nullopt;
  Resolver& resolver = engine_.services.resolver;
  const SteadyTime deadline = engine_.services.clock.now() + settings_->smtp_connect_timeout;
  DnsAnswer answer;
  if (perhaps) {
    answer = co_await resolver.ask(engine_.loop, server.host, RecordType::cname, deadline);
    if (answer.status == DnsAnswer::Status::temporary) co_return answer;
    if (without_tlsa(answer)) co_return std::nullopt;
  }
  for (const std::string& candidate : tlsa_bases(server)) {
    base = candidate;
    answer = co_await resolver.ask(engine_.loop, tlsa_name(server, base), RecordType::tlsa, deadline);
    if (!without_tlsa(answer)) break;
  }
  auto usable = engine_.tls()->usable(answer.tlsa);
  if (usable) {
    answer.tlsa = *std::move(usable);
  } else {
    answer.status = DnsAnswer::Status::temporary;
    answer.why = usable.error();
  }
  co_return answer;
}

/// It is known that its TLS sessions break, and nothing more than `may` is demanded.
bool Opening::prefers_plaintext(std::size_t endpoint, const TlsDemand& demand) const {
  return !demand.required() && engine_.services.clock.now() < servers_.habits(endpoint).no_tls_until;
}

/// TLS broke, and without it the server answers: TLS would cost each session a connection.
void Opening::remember_plaintext(const Opened& session) {
  const SteadyTime until = engine_.services.clock.now() + plaintext_lifetime;
  servers_.change_habits(session.endpoint, [&](Habits& habits) { habits.no_tls_until = until; });
  engine_.services.log.info(fmt::format("{}: answers without TLS, and is asked in plaintext for {} h",
                                        servers_.endpoint(session.endpoint).text(),
                                        plaintext_lifetime.count()));
}

/// With TLS if we can; where it is not required and breaks, once more on a new connection without.
Task<std::optional<Opened>> Opening::introduce(ConnectionRace::Runner connected) {
  const Services& services = engine_.services;
  const Endpoint& server = servers_.endpoint(connected.endpoint);
  const TlsDemand& demand = demands_.at(connected.endpoint);
  const bool tries_tls = demand.level != TlsLevel::none && !prefers_plaintext(connected.endpoint, demand);
  bool with_tls = tries_tls;
  for (;;) {
    Opened session;
    session.endpoint = connected.endpoint;
    session.dialogue =
        std::make_unique<Dialogue>(std::move(connected.stream), slot_.place, services.log, server.text());
    switch (co_await greet(session, demand, with_tls)) {
      case Greeted::yes:
        if (tries_tls && !with_tls) remember_plaintext(session);
        services.metrics.count(Counter::tls_sessions, {session.tls, "ok"});
        co_return session;
      case Greeted::no:
        co_return std::nullopt;
      case Greeted::try_plaintext:
        break;
    }
    session.dialogue.reset();
    with_tls = false;
    std::vector<std::size_t> same{connected.endpoint};
    auto again = co_await connect(same);
    if (!again) co_return std::nullopt;
    connected = std::move(*again);
  }
}

Task<Opening::Greeted> Opening::greet(Opened& session, const TlsDemand& demand, bool with_tls) {
  if (demand.wrapped && !co_await shake_hands(session, demand))
    co_return co_await tls_broken(session, demand);
  const SteadyTime begun = engine_.services.clock.now();
  stage_ = Stage::greeting;
  const auto greeting = co_await reply(session, settings_->smtp_helo_timeout);
  if (greeting) {
    took(Stage::greeting, begun);
    servers_.greeted(session.endpoint, engine_.services.clock.now() - begun);
  }
  const Judgement judgement = judge_reply(session, Stage::greeting, greeting, {});
  if (judgement.next != Judgement::Next::go_on)
    co_return co_await give_up(session, Stage::greeting, judgement, greeting);
  if (const auto trouble = co_await say_hello(session, demand)) co_return *trouble;
  if (!with_tls || demand.wrapped) co_return Greeted::yes;
  if (session.extensions.contains("STARTTLS")) co_return co_await start_tls(session, demand);
  if (!demand.required()) co_return Greeted::yes;
  const std::string_view what = starttls_discarded_
                                    ? "offers STARTTLS, which smtp_discard_ehlo_keywords ignores"
                                    : "does not offer STARTTLS";
  const ProbeResult result =
      befell(Verdict::refused, Stage::starttls, servers_.endpoint(session.endpoint),
             fmt::format("{}, and level {} requires it", what, to_string(demand.level)));
  const Judgement alarming{.alarm = true};
  co_return co_await give_up(session, alarming, result, true);
}

/// EHLO, or HELO where EHLO is not known; by LMTP LHLO. Nothing: the server has answered well. A TLS session
/// that breaks here was none: its server may have refused it only when the handshake was over for us.
Task<std::optional<Opening::Greeted>> Opening::say_hello(Opened& session, const TlsDemand& demand) {
  const bool lmtp = servers_.endpoint(session.endpoint).protocol == Protocol::lmtp;
  const bool in_tls = !session.dialogue->cipher().empty();
  const SteadyTime begun = engine_.services.clock.now();
  // TLS that may still turn out to be none: then there is plaintext to fall back to.
  stage_ = in_tls && !demand.required() ? Stage::starttls : Stage::ehlo;
  const std::string command =
      lmtp ? "LHLO " + settings_->lmtp_lhlo_name : "EHLO " + settings_->smtp_helo_name;
  auto hello = co_await converse(session, command, settings_->smtp_helo_timeout);
  if (hello) took(Stage::ehlo, begun);
  if (!hello && in_tls && !demand.required() && !destination_.stopping()) {
    engine_.services.metrics.count(Counter::tls_sessions, {to_string(demand.level), "failed"});
    co_return step_down(session, fmt::format("EHLO after the handshake: {}", session.dialogue->trouble()));
  }
  const bool no_helo = lmtp || (demand.required() && !in_tls);
  Judgement judgement = judge_reply(session, Stage::ehlo, hello, {.tls_required = no_helo});
  const bool extended = judgement.next != Judgement::Next::try_helo;
  if (!extended) {
    const std::string helo = "HELO " + settings_->smtp_helo_name;
    hello = co_await converse(session, helo, settings_->smtp_helo_timeout);
    judgement = judge_reply(session, Stage::ehlo, hello, {.helo_tried = true});
  }
  if (judgement.next != Judgement::Next::go_on)
    co_return co_await give_up(session, Stage::ehlo, judgement, hello);
  session.extensions.clear();
  if (extended) take_extensions(session, *hello);
  co_return std::nullopt;
}

/// Without those that the administrator has seen to do harm.
void Opening::take_extensions(Opened& session, const SmtpReply& hello) {
  session.extensions = extensions_of(hello);
  starttls_discarded_ = false;
  const auto row =
      settings_->smtp_discard_ehlo_keyword_address_maps.find(servers_.endpoint(session.endpoint).address);
  for (const std::string& word : row ? *row : settings_->smtp_discard_ehlo_keywords) {
    const bool offered = session.extensions.erase(upper_case(word)) > 0;
    starttls_discarded_ = starttls_discarded_ || (offered && upper_case(word) == "STARTTLS");
  }
}

Task<Opening::Greeted> Opening::start_tls(Opened& session, const TlsDemand& demand) {
  stage_ = Stage::starttls;
  auto go_ahead = co_await converse(session, "STARTTLS", settings_->smtp_starttls_timeout);
  // What was injected behind the 220 is forgotten when TLS starts; it was no word of the server's.
  if (go_ahead && go_ahead->category() == 2) go_ahead->contradictory = false;
  const Judgement judgement =
      judge_reply(session, Stage::starttls, go_ahead, {.tls_required = demand.required()});
  if (judgement.next == Judgement::Next::go_on) {
    if (!co_await shake_hands(session, demand)) co_return co_await tls_broken(session, demand);
    co_return (co_await say_hello(session, demand)).value_or(Greeted::yes);
  }
  if (destination_.stopping()) co_return Greeted::no;
  if (judgement.next != Judgement::Next::try_plaintext)
    co_return co_await give_up(session, Stage::starttls, judgement, go_ahead);
  if (go_ahead) co_await quit(session);
  co_return step_down(session, go_ahead ? printable(go_ahead->text(), 100) : session.dialogue->trouble());
}

/// True when TLS stands, as it is demanded.
Task<bool> Opening::shake_hands(Opened& session, const TlsDemand& demand) {
  const Endpoint& server = servers_.endpoint(session.endpoint);
  const SteadyTime begun = engine_.services.clock.now();
  stage_ = Stage::starttls;
  session.dialogue->start_tls(engine_.tls(), demand, server);
  waiting_since_ = begun;
  SteadyTime silent_at = begun + servers_.reply_patience(session.endpoint, settings_->smtp_starttls_timeout);
  Dialogue::Event event;
  do {
    event = co_await wait(session, begun + settings_->smtp_starttls_timeout, silent_at, true);
  } while (event == Dialogue::Event::woken && !destination_.stopping());
  if (event != Dialogue::Event::bytes) co_return false;
  took(Stage::starttls, begun);
  last_word_ = engine_.services.clock.now();
  session.tls = to_string(demand.level);
  engine_.services.log.debug(
      fmt::format("{}: TLS stands, level {}: {}", server.text(), session.tls, session.dialogue->cipher()));
  co_return true;
}

/// The handshake has failed.
Task<Opening::Greeted> Opening::tls_broken(Opened& session, const TlsDemand& demand) {
  if (destination_.stopping()) co_return Greeted::no;
  engine_.services.metrics.count(Counter::tls_sessions, {to_string(demand.level), "failed"});
  const Judgement judgement =
      judge_reply(session, Stage::starttls, std::nullopt, {.tls_required = demand.required()});
  if (judgement.next == Judgement::Next::try_plaintext)
    co_return step_down(session, session.dialogue->trouble());
  co_return co_await give_up(session, Stage::starttls, judgement, std::nullopt);
}

Opening::Greeted Opening::step_down(const Opened& session, std::string_view why) {
  engine_.services.log.info(fmt::format("{}: STARTTLS failed ({}), once more without TLS",
                                        servers_.endpoint(session.endpoint).text(), why));
  return Greeted::try_plaintext;
}

/// Says a command and waits for the reply.
Task<std::optional<SmtpReply>> Opening::converse(Opened& session, std::string_view command,
                                                 std::chrono::seconds timeout) {
  session.dialogue->send(command);
  co_return co_await reply(session, timeout);
}

/// Waits for something to happen. A server that has said nothing until `silent_at` keeps nobody waiting any
/// longer.
Task<Dialogue::Event> Opening::wait(Opened& session, SteadyTime deadline, SteadyTime& silent_at,
                                    bool handshake) {
  for (;;) {
    const SteadyTime until = std::min(deadline, silent_at);
    auto waiting = handshake ? session.dialogue->handshake(until) : session.dialogue->exchange(until);
    const auto event = co_await waiting;
    if (event != Dialogue::Event::deadline || until == deadline) co_return event;
    // One that has begun to greet is alive (postscreen, with its 220- and the pause behind it): once more as
    // long.
    if (std::exchange(begun_to_speak_, session.dialogue->reply_begun()) != session.dialogue->reply_begun()) {
      waiting_since_ = until;
      silent_at = until + settings_->primary_silence_time;
      continue;
    }
    silent_at = SteadyTime::max();
    const Endpoint& server = servers_.endpoint(session.endpoint);
    ProbeResult result =
        befell(Verdict::unavailable, stage_, server,
               fmt::format("has said nothing for {} s",
                           std::chrono::round<std::chrono::seconds>(until - waiting_since_).count()));
    if (waits_for_tls(stage_, server, session)) result.why += wrappermode_missing;
    destination_.fell_silent(slot_, session.endpoint, result);
    fell_silent_ = true;
  }
}

/// Nothing when there was no reply in time, or the destination is stopping.
Task<std::optional<SmtpReply>> Opening::reply(Opened& session, std::chrono::seconds timeout) {
  const SteadyTime now = engine_.services.clock.now();
  begun_to_speak_ = false;
  waiting_since_ = now;
  // After STARTTLS there is plaintext to fall back to.
  const SteadyTime deadline = now + (stage_ == Stage::starttls ? timeout : session_patience(timeout));
  SteadyTime silent_at = stage_ == Stage::greeting
                             ? std::max(last_word_ + servers_.greeting_patience(session.endpoint, timeout),
                                        now + least_client_patience)
                             : now + servers_.reply_patience(session.endpoint, timeout);
  if (const auto ends = destination_.patience_ends())
    silent_at = std::min(silent_at, std::max(*ends, now + least_client_patience));
  for (;;) {
    if (auto complete = session.dialogue->next_reply()) {
      // Nothing more was asked for: what runs ahead would be taken for the answers to other commands.
      if (session.dialogue->unread()) complete->contradictory = true;
      destination_.spoke_again(slot_);
      co_return complete;
    }
    if (destination_.stopping()) co_return std::nullopt;
    switch (co_await wait(session, deadline, silent_at, false)) {
      case Dialogue::Event::bytes:
      case Dialogue::Event::woken:
        continue;
      case Dialogue::Event::deadline:
      case Dialogue::Event::broken:
        co_return std::nullopt;
    }
  }
}

Judgement Opening::judge_reply(const Opened& session, Stage stage, const std::optional<SmtpReply>& reply,
                               Circumstances circumstances) {
  // Mail does not loop through LMTP, and its server may well be on this machine.
  if (reply && servers_.endpoint(session.endpoint).protocol == Protocol::smtp) {
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

Task<> Opening::quit(Opened& session) {
  co_await session.dialogue->quit(engine_.services.clock.now() + settings_->smtp_quit_timeout,
                                  [this] { return destination_.stopping(); });
}

Task<Opening::Greeted> Opening::give_up(Opened& session, Stage stage, const Judgement& judgement,
                                        const std::optional<SmtpReply>& reply) {
  const Endpoint& server = servers_.endpoint(session.endpoint);
  ProbeResult result = reply ? said(judgement.verdict, stage, server, *reply)
                             : befell(judgement.verdict, stage, server, session.dialogue->trouble());
  result.silent = !reply && session.dialogue->timed_out();
  if (!reply && waits_for_tls(stage, server, session)) result.why += wrappermode_missing;
  if (judgement.verdict == Verdict::misrouted) result.why += ": that is our own name, mail for it would loop";
  co_return co_await give_up(session, judgement, result, reply.has_value());
}

/// Tells the destination, and takes leave of a server that still listens, or that we leave in the middle.
Task<Opening::Greeted> Opening::give_up(Opened& session, const Judgement& judgement,
                                        const ProbeResult& result, bool listens) {
  if (!destination_.stopping()) {
    if (judgement.alarm) servers_.alarm(session.endpoint, result);
    destination_.unreachable(slot_, session.endpoint, result);
  }
  if (listens || destination_.stopping()) co_await quit(session);
  co_return Greeted::no;
}

}  // namespace fallbackmx
