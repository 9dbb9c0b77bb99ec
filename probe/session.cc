#include "probe/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fallbackmx {

namespace {

using Purpose = Transaction::Purpose;

/// Sessions that may die while they wait for the same probe's reply: one that refused and closed, one that
/// proved that it talks to us and closed.
constexpr int most_strikes = 3;

}  // namespace

Session::Session(Engine& engine, Destination& destination, Destination::Slot& slot)
    : engine_(engine), destination_(destination), slot_(slot), settings_(engine.settings()) {}

Session::~Session() {
  // Only an exception leaves something here: asked once more, by a session that may fare better.
  if (auto left = unanswered(); !left.empty()) destination_.give_back(left);
}

void Session::run() {
  auto opened = Opening(engine_, destination_, slot_, settings_).open(destination_.candidates(slot_));
  if (!opened) return;
  opened_ = std::move(*opened);
  const Destination::Habits habits = destination_.habits(opened_.endpoint);
  pipeline_.allow_pipelining(opened_.extensions.contains("PIPELINING") && !habits.no_pipelining);
  last_event_ = engine_.services.clock.now();
  if (last_event_ < habits.transactions_until) most_transactions_ = habits.transactions;
  destination_.opened(slot_, opened_.endpoint, room());
  serve();
  if (!over_) quit();
}

std::size_t Session::room() const {
  if (leaving_) return 0;
  const auto left = [](std::size_t limit, std::size_t used) { return limit > used ? limit - used : 0; };
  const auto window = pipeline_.pipelining() ? static_cast<std::size_t>(settings_->probe_session_window) : 1;
  const auto rejections = static_cast<std::size_t>(settings_->probe_session_max_rejections);
  const auto probes = static_cast<std::size_t>(settings_->probe_session_max_probes);
  const std::size_t undecided = pipeline_.undecided();
  // Every recipient on the wire may turn out a rejection, and the primary counts them.
  return std::min({left(window, undecided), left(rejections, rejections_ + undecided), left(probes, probes_),
                   left(most_transactions_, transactions_)});
}

void Session::take_probes() {
  while (auto probe = destination_.take(slot_, room())) {
    ++probes_;
    const std::string& domain = probe->recipient.domain();
    if (probe->control_first && !engine_.control.proven(control_key(domain), engine_.services.clock.now(),
                                                        settings_->probe_control_time)) {
      ask_control(domain);
    }
    begin(probe, Purpose::probe, probe->recipient);
  }
}

void Session::begin(std::shared_ptr<Probe> probe, Purpose purpose, const Address& recipient) {
  auto transaction =
      std::make_shared<Transaction>(Transaction{std::move(probe), purpose, recipient, sender()});
  const bool utf8 = recipient.needs_smtputf8();
  if (utf8 && transaction->probe && !opened_.extensions.contains("SMTPUTF8")) {
    transaction->begun = engine_.services.clock.now();
    return land(*transaction, befell(Verdict::refused, Stage::mail, server(),
                                     "does not offer SMTPUTF8, which the recipient needs"));
  }
  ++transactions_;
  pipeline_.add(std::move(transaction), utf8 ? " SMTPUTF8" : "", purpose == Purpose::control);
}

void Session::serve() {
  while (!over_) {
    if (destination_.stopping()) return;
    take_probes();
    pipeline_.send(*opened_.dialogue, engine_.services.clock.now());
    const bool nothing_to_do = !pipeline_.busy();
    if (nothing_to_do && (leaving_ || destination_.should_leave(slot_))) {
      if (test_catchall()) continue;
      return;
    }
    const SteadyTime deadline =
        nothing_to_do ? last_event_ + settings_->probe_session_idle_time
                      : std::max(last_event_, pipeline_.front().sent) + patience(pipeline_.front().stage);
    switch (opened_.dialogue->exchange(deadline)) {
      case Dialogue::Event::bytes:
        waited_since_ = std::exchange(last_event_, engine_.services.clock.now());
        while (auto reply = opened_.dialogue->next_reply()) {
          if (!pipeline_.busy()) return;  // an unasked-for reply is a farewell (421)
          on_reply(*reply);
          waited_since_ = last_event_;
          if (over_) return;
        }
        break;
      case Dialogue::Event::woken:
        break;
      case Dialogue::Event::deadline:
        if (nothing_to_do && test_catchall()) break;
        if (nothing_to_do) return;
        die(opened_.dialogue->trouble());
        opened_.dialogue->quit(last_event_, [] { return true; });  // it may be listening yet
        break;
      case Dialogue::Event::broken:
        // One that closes as soon as it has refused somebody has no objection to RSET.
        if (!nothing_to_do && pipeline_.front().stage == Stage::rset &&
            pipeline_.front().transaction->accepted) {
          learn_limit();
        }
        if (opened_.dialogue->lost()) destination_.lost(opened_.endpoint);
        die(opened_.dialogue->trouble());
        break;
    }
  }
}

void Session::on_reply(const SmtpReply& reply) {
  const Pipeline::Command command = pipeline_.pop();
  const auto& transaction = command.transaction;
  switch (command.stage) {
    case Stage::mail:
      return on_mail(transaction, reply);
    case Stage::rcpt:
      if (transaction->mail_failed) break;
      ++answers_;
      if (reply.category() == 5) ++rejections_;
      transaction->accepted = reply.category() == 2;
      on_rcpt(transaction, reply);
      break;
    default:
      // Either it does not know RSET, or its replies are out of step: whatever comes now may answer another
      // question.
      if (judge({command.stage, &reply}, {}).end_session) {
        learn_limit();
        die("answers " + printable(reply.text(), 100) + " to RSET");
        return quit();
      }
      ++resets_;
      break;
  }
  if (rejections_ >= static_cast<std::size_t>(settings_->probe_session_max_rejections) ||
      probes_ >= static_cast<std::size_t>(settings_->probe_session_max_probes) ||
      transactions_ >= most_transactions_) {
    leaving_ = true;
  }
}

void Session::on_mail(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply) {
  const std::string fallback(settings_->probe_fallback_sender);
  Circumstances circumstances;
  circumstances.pipelined = pipeline_.pipelining();
  circumstances.fallback_sender_left = !fallback.empty() && transaction->sender != fallback;
  const Judgement judgement = judge({Stage::mail, &reply}, circumstances);
  if (judgement.next == Judgement::Next::go_on) return;

  transaction->mail_failed = true;
  if (!pipeline_.pipelining()) pipeline_.drop_unsent(*transaction);
  if (judgement.end_session) leaving_ = dismissed_ = true;
  ProbeResult result = said(judgement.verdict, Stage::mail, server(), reply);
  switch (judgement.next) {
    case Judgement::Next::try_without_pipelining:
      return without_pipelining(transaction);
    case Judgement::Next::try_fallback_sender:
      destination_.change_habits(opened_.endpoint, [](auto& habits) { habits.fallback_sender = true; });
      if (transaction->purpose == Purpose::control) return ask_again(transaction->recipient.domain());
      return begin(transaction->probe, transaction->purpose, transaction->recipient);
    default:
      break;
  }
  if (judgement.alarm) destination_.alarm(opened_.endpoint, result);
  if (transaction->probe) return land(*transaction, std::move(result));
  if (transaction->purpose == Purpose::control) {
    settle(transaction->recipient.domain(), judgement.verdict,
           "; asked for the control recipient, " + result.why);
  }
}

void Session::on_rcpt(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply) {
  const SteadyTime now = engine_.services.clock.now();
  const std::string& domain = transaction->recipient.domain();
  if (transaction->purpose == Purpose::control) return on_control(transaction, reply);
  if (transaction->purpose == Purpose::catchall) return on_catchall(*transaction, reply);
  if (reply.category() == 5 && transaction->sender != sender()) {
    // It has refused that sender meanwhile: a no that it gave to him is no longer worth a proof.
    return begin(transaction->probe, Purpose::probe, transaction->recipient);
  }

  Circumstances circumstances;
  circumstances.pipelined = pipeline_.pipelining();
  circumstances.proven = engine_.control.proven(control_key(domain), now, settings_->probe_control_time);
  const Judgement judgement = judge({Stage::rcpt, &reply}, circumstances);
  if (judgement.end_session) leaving_ = dismissed_ = true;
  if (judgement.next == Judgement::Next::try_without_pipelining) return without_pipelining(transaction);

  ProbeResult result = said(judgement.verdict, Stage::rcpt, server(), reply);
  result.tls = opened_.tls;
  if (judgement.alarm) destination_.alarm(opened_.endpoint, result);
  if (judgement.next == Judgement::Next::ask_control) {
    doubt_about(domain).add(transaction->probe, std::move(result));
    return ask_control(domain);
  }
  if (judgement.verdict == Verdict::deliverable && engine_.control.accepted(control_key(domain), now)) {
    engine_.services.log.warning(
        fmt::format("{} talks about recipients in {} again", server().text(), domain));
  }
  land(*transaction, std::move(result));
  if (judgement.verdict == Verdict::deliverable) good_domains_.insert(domain);
}

void Session::on_control(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply) {
  const SteadyTime now = engine_.services.clock.now();
  const Address& control = transaction->recipient;
  const std::string& domain = control.domain();
  const auto found = doubts_.find(domain);
  if (found == doubts_.end()) return;
  found->second.asking = false;
  const Judgement judgement =
      judge({Stage::rcpt, &reply}, {.pipelined = pipeline_.pipelining(), .proven = true});
  if (judgement.end_session) leaving_ = dismissed_ = true;
  if (judgement.next == Judgement::Next::try_without_pipelining) return without_pipelining(transaction);

  if (judgement.verdict == Verdict::deliverable) {
    if (engine_.control.accepted(control_key(domain), now)) {
      engine_.services.log.warning(
          fmt::format("{} talks about recipients in {} again", server().text(), domain));
    }
    const bool real = control.local() != settings_->probe_control_recipient;
    destination_.change_habits(opened_.endpoint, [real](auto& habits) {
      habits.good_as_control = real;
      habits.alarm.clear();
    });
    return settle(domain, Verdict::undeliverable, "");
  }
  if (auto next = found->second.next_control()) {
    found->second.asking = true;
    return begin(nullptr, Purpose::control, *next);
  }
  const std::string addition = fmt::format("; it answered {} {} to the control recipient <{}>", reply.code,
                                           printable(reply.text(), 200), control.text());
  // Greylisting and the like: asked, "not now". Anything else means that it will not talk about recipients
  // with us.
  if (judgement.verdict == Verdict::deferred || judgement.verdict == Verdict::unavailable) {
    return settle(domain, judgement.verdict, addition);
  }
  if (engine_.control.refused(control_key(domain), now)) {
    ProbeResult result = said(Verdict::refused, Stage::rcpt, server(), reply);
    result.why += fmt::format(": it refuses <{}> too, so its noes say nothing about recipients in {}",
                              control.text(), domain);
    destination_.alarm(opened_.endpoint, result);
  }
  settle(domain, Verdict::refused, addition);
}

/// The last questions of a session: would it have said yes to anybody in these domains? They are likely to be
/// refused, and so they get the refusals that are left over: asked any earlier they would end the session,
/// and with ten thousand domains there would be a thousand sessions more. False when there is nothing to ask.
bool Session::test_catchall() {
  const auto lifetime = settings_->probe_catchall_time;
  const auto most = static_cast<std::size_t>(settings_->probe_session_max_rejections);
  leaving_ = true;
  if (lifetime.count() == 0 || dismissed_) return false;
  for (const std::string& domain : std::exchange(good_domains_, {})) {
    if (rejections_ + pipeline_.undecided() >= most || transactions_ > most_transactions_) break;
    const auto nobody = Address::parse(impossible_local_part() + "@" + domain);
    if (nobody && engine_.catchall.claim(server().key(), domain, engine_.services.clock.now(), lifetime))
      begin(nullptr, Purpose::catchall, *nobody);
  }
  return pipeline_.undecided() > 0;
}

void Session::on_catchall(const Transaction& transaction, const SmtpReply& reply) {
  const std::string& domain = transaction.recipient.domain();
  const bool everything = judge({Stage::rcpt, &reply}, {.proven = true}).verdict == Verdict::deliverable;
  if (!engine_.catchall.learned(server().key(), domain, everything)) return;
  engine_.services.log.info(fmt::format("{} {} every recipient in {}", server().text(),
                                        everything ? "accepts" : "no longer accepts", domain));
}

ControlKey Session::control_key(const std::string& domain) const {
  return {fmt::format("{} <{}> {}", server().key(), sender(), opened_.tls), domain};
}

Doubt& Session::doubt_about(const std::string& domain) {
  const auto found = doubts_.find(domain);
  if (found != doubts_.end()) return found->second;
  std::vector<Address> controls;
  if (auto postmaster = Address::parse(settings_->probe_control_recipient + "@" + domain))
    controls.push_back(*postmaster);
  if (auto good = engine_.services.store.recent_good(domain)) {
    if (auto address = Address::parse(*good); address && address->domain() == domain) {
      const bool first = destination_.habits(opened_.endpoint).good_as_control;
      controls.insert(first ? controls.begin() : controls.end(), *address);
    }
  }
  return doubts_.emplace(domain, Doubt(std::move(controls))).first->second;
}

/// Asks for the control recipient in a transaction of its own, before everything that is not on the wire yet.
void Session::ask_control(const std::string& domain) {
  Doubt& doubt = doubt_about(domain);
  if (doubt.asking) return;
  const auto control = doubt.next_control();
  if (!control) {
    return settle(domain, Verdict::refused, "; there is no control recipient to prove that it talks to us");
  }
  doubt.asking = true;
  begin(nullptr, Purpose::control, *control);
}

/// The noes that waited for proof were given to another sender: they must be given again.
void Session::ask_again(const std::string& domain) {
  const auto found = doubts_.find(domain);
  if (found == doubts_.end()) return;
  const auto unproven = found->second.unproven();
  doubts_.erase(found);
  for (const auto& [probe, no] : unproven) begin(probe, Purpose::probe, probe->recipient);
}

/// What the control recipient's fate makes of the noes that waited for it.
void Session::settle(const std::string& domain, Verdict verdict, const std::string& addition) {
  const auto found = doubts_.find(domain);
  if (found == doubts_.end()) return;
  const auto unproven = found->second.unproven();
  doubts_.erase(found);
  for (const auto& [probe, no] : unproven) {
    ProbeResult result = no;
    result.verdict = verdict;
    result.why += addition;
    destination_.land(probe, opened_.endpoint, std::move(result));
  }
}

void Session::land(const Transaction& transaction, ProbeResult result) {
  result.tls = opened_.tls;
  // In a full pipeline the others' replies come first: only the time since the one before is this one's own.
  const bool slow = last_event_ - std::max(transaction.begun, waited_since_) > settings_->answer_timeout;
  destination_.land(transaction.probe, opened_.endpoint, std::move(result), slow);
}

/// The probes that nobody has answered, in the order in which they were asked.
std::vector<std::shared_ptr<Probe>> Session::unanswered() const {
  std::vector<std::shared_ptr<Probe>> probes;
  for (const auto& [domain, doubt] : doubts_) {
    for (const auto& unproven : doubt.unproven()) probes.push_back(unproven.probe);
  }
  const auto on_the_way = pipeline_.unanswered();
  probes.insert(probes.end(), on_the_way.begin(), on_the_way.end());
  return probes;
}

/// It ended the session at RSET: Exim counts each one as a "nonmail" command, and drops the connection after
/// ten (smtp_accept_max_nonmail). From now on we leave before that, and keep one transaction for a control
/// recipient.
void Session::learn_limit() {
  if (resets_ == 0) return;  // less than one transaction is none
  const std::size_t most = std::max<std::size_t>(resets_ - 1, 1);
  engine_.services.log.info(
      fmt::format("{} ends a session at RSET after {} recipients: at most {} from now on", server().text(),
                  resets_, most));
  const SteadyTime until = engine_.services.clock.now() + Destination::limit_lifetime;
  destination_.change_habits(opened_.endpoint, [most, until](auto& habits) {
    habits.transactions = most;
    habits.transactions_until = until;
  });
}

/// 503 to a command that would be right after the reply to the one before: it does not do what it advertises.
void Session::without_pipelining(const std::shared_ptr<Transaction>& transaction) {
  engine_.services.log.info(server().text() +
                            " advertises PIPELINING and answers 503: one command at a time from now on");
  destination_.change_habits(opened_.endpoint, [](auto& habits) { habits.no_pipelining = true; });
  over_ = true;
  auto again = unanswered();
  if (transaction->probe) again.insert(again.begin(), transaction->probe);
  forget_all();
  destination_.give_back(again);
  quit();
}

/// The connection broke or hung. On a fresh one that is evidence about the server; on one that has given
/// answers it is none, and whoever was not answered is asked again on a new connection. Only the first of
/// them can be the cause.
void Session::die(std::string_view trouble) {
  over_ = true;
  const bool fresh = answers_ == 0;
  const ProbeResult result = befell(
      Verdict::unavailable, pipeline_.busy() ? pipeline_.front().stage : Stage::rset, server(), trouble);
  const auto left = unanswered();
  for (const auto& [domain, doubt] : doubts_) {
    for (const auto& unproven : doubt.unproven()) unproven.probe->control_first = true;
  }
  forget_all();
  if (fresh && !left.empty()) destination_.failed(opened_.endpoint, result.why);
  std::vector<std::shared_ptr<Probe>> again;
  for (const auto& probe : left) {
    if (probe == left.front()) ++probe->strikes;
    if (fresh || probe->strikes >= most_strikes) {
      destination_.land(probe, opened_.endpoint, result);
    } else {
      again.push_back(probe);
    }
  }
  destination_.give_back(again);
}

void Session::quit() {
  destination_.take(slot_, 0);  // no room any more
  opened_.dialogue->quit(engine_.services.clock.now() + settings_->smtp_quit_timeout,
                         [this] { return destination_.stopping(); });
}

void Session::forget_all() {
  doubts_.clear();
  pipeline_.clear();
}

std::chrono::seconds Session::patience(Stage stage) const {
  switch (stage) {
    case Stage::mail:
      return settings_->smtp_mail_timeout;
    case Stage::rcpt:
      return settings_->smtp_rcpt_timeout;
    default:
      return settings_->smtp_rset_timeout;
  }
}

std::string Session::sender() const {
  const bool fallback = destination_.habits(opened_.endpoint).fallback_sender;
  std::string address = fallback ? settings_->probe_fallback_sender : settings_->address_verify_sender;
  if (address.starts_with('<') && address.ends_with('>')) address = address.substr(1, address.size() - 2);
  return address;
}

}  // namespace fallbackmx
