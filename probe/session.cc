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
    : engine_(engine),
      destination_(destination),
      slot_(slot),
      settings_(engine.settings()),
      budget_(*settings_) {}

Session::~Session() {
  // Only an exception leaves something here: asked once more, by a session that may fare better.
  if (auto left = unanswered(); !left.empty()) destination_.give_back(left);
}

void Session::run() {
  auto opened = Opening(engine_, destination_, slot_, settings_).open(destination_.candidates(slot_));
  if (!opened) return;
  opened_ = std::move(*opened);
  const Habits habits = destination_.habits(opened_.endpoint);
  pipeline_.allow_pipelining(opened_.extensions.contains("PIPELINING") && !habits.no_pipelining);
  last_event_ = engine_.services.clock.now();
  budget_ = SessionBudget(*settings_, pipeline_.pipelining(), habits.most_transactions(last_event_));
  proof_.emplace(engine_, destination_, opened_.endpoint, opened_.tls, settings_);
  destination_.opened(slot_, opened_.endpoint, budget_.room(0));
  serve();
  if (!over_) quit();
}

void Session::take_probes() {
  while (auto probe = destination_.take(slot_, leaving_ ? 0 : budget_.room(pipeline_.undecided()))) {
    budget_.count_probe();
    const std::string& domain = probe->recipient.domain();
    if (probe->control_first && !proof_->proven(domain)) follow(proof_->ask_control(domain));
    begin(probe, Purpose::probe, probe->recipient);
  }
}

void Session::begin(std::shared_ptr<Probe> probe, Purpose purpose, const Address& recipient) {
  auto transaction = std::make_shared<Transaction>(Transaction{
      std::move(probe), purpose, recipient, destination_.habits(opened_.endpoint).probe_sender(*settings_)});
  const bool utf8 = recipient.needs_smtputf8();
  if (utf8 && transaction->probe && !opened_.extensions.contains("SMTPUTF8")) {
    transaction->begun = engine_.services.clock.now();
    return land(*transaction, befell(Verdict::refused, Stage::mail, server(),
                                     "does not offer SMTPUTF8, which the recipient needs"));
  }
  budget_.count_transaction();
  pipeline_.add(std::move(transaction), utf8 ? " SMTPUTF8" : "", purpose == Purpose::control);
}

void Session::serve() {
  while (!over_) {
    if (destination_.stopping()) return;
    take_probes();
    pipeline_.send(*opened_.dialogue, engine_.services.clock.now());
    const bool nothing_to_do = !pipeline_.busy();
    if (nothing_to_do && (leaving_ || budget_.spent() || destination_.should_leave(slot_))) {
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
      if (reply.category() == 5) budget_.count_rejection();
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
      return ask_again(*transaction);
    default:
      break;
  }
  if (judgement.alarm) destination_.alarm(opened_.endpoint, result);
  if (transaction->probe) return land(*transaction, std::move(result));
  if (transaction->purpose == Purpose::control) {
    follow(proof_->settle(transaction->recipient.domain(), judgement.verdict,
                          "asked for the control recipient, " + result.why));
  }
}

void Session::on_rcpt(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply) {
  const std::string& domain = transaction->recipient.domain();
  if (transaction->purpose == Purpose::control) return on_control(transaction, reply);
  if (transaction->purpose == Purpose::catchall) return on_catchall(*transaction, reply);
  if (reply.category() == 5 &&
      transaction->sender != destination_.habits(opened_.endpoint).probe_sender(*settings_)) {
    // It has refused that sender meanwhile: a no that it gave to him is no longer worth a proof.
    return begin(transaction->probe, Purpose::probe, transaction->recipient);
  }

  Circumstances circumstances;
  circumstances.pipelined = pipeline_.pipelining();
  circumstances.proven = proof_->proven(domain);
  const Judgement judgement = judge({Stage::rcpt, &reply}, circumstances);
  if (judgement.end_session) leaving_ = dismissed_ = true;
  if (judgement.next == Judgement::Next::try_without_pipelining) return without_pipelining(transaction);

  ProbeResult result = said(judgement.verdict, Stage::rcpt, server(), reply);
  result.tls = opened_.tls;
  if (judgement.alarm) destination_.alarm(opened_.endpoint, result);
  if (judgement.next == Judgement::Next::ask_control) {
    return follow(proof_->doubt({transaction->probe, std::move(result)}));
  }
  if (judgement.verdict == Verdict::deliverable) {
    proof_->accepted(domain);
    good_domains_.insert(domain);
  }
  land(*transaction, std::move(result));
}

void Session::on_control(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply) {
  const Judgement judgement =
      judge({Stage::rcpt, &reply}, {.pipelined = pipeline_.pipelining(), .proven = true});
  if (judgement.end_session) leaving_ = dismissed_ = true;
  if (judgement.next == Judgement::Next::try_without_pipelining) return without_pipelining(transaction);
  follow(proof_->on_reply(transaction->recipient, judgement.verdict, reply));
}

/// The last questions of a session: would it have said yes to anybody in these domains? They are likely to be
/// refused, and so they get the refusals that are left over: asked any earlier they would end the session,
/// and with ten thousand domains there would be a thousand sessions more. False when there is nothing to ask.
bool Session::test_catchall() {
  const auto lifetime = settings_->probe_catchall_time;
  leaving_ = true;
  if (lifetime.count() == 0 || dismissed_) return false;
  for (const std::string& domain : std::exchange(good_domains_, {})) {
    if (!budget_.can_afford_rejection(pipeline_.undecided())) break;
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

/// Does what the proof of noes asks for.
void Session::follow(Proof::Step step) {
  for (auto& [probe, result] : step.settled) destination_.land(probe, opened_.endpoint, std::move(result));
  if (step.ask) begin(nullptr, Purpose::control, *step.ask);
}

/// With another sender. Noes that waited for this control recipient were given to the first one, and must be
/// given again, too.
void Session::ask_again(const Transaction& transaction) {
  if (transaction.purpose != Purpose::control) {
    return begin(transaction.probe, transaction.purpose, transaction.recipient);
  }
  for (const auto& probe : proof_->take_back(transaction.recipient.domain()))
    begin(probe, Purpose::probe, probe->recipient);
}

void Session::land(const Transaction& transaction, ProbeResult result) {
  result.tls = opened_.tls;
  // In a full pipeline the others' replies come first: only the time since the one before is this one's own.
  const bool slow = last_event_ - std::max(transaction.begun, waited_since_) > settings_->answer_timeout;
  destination_.land(transaction.probe, opened_.endpoint, std::move(result), slow);
}

/// The probes that nobody has answered, in the order in which they were asked.
std::vector<std::shared_ptr<Probe>> Session::unanswered() const {
  if (!proof_) return {};
  std::vector<std::shared_ptr<Probe>> probes = proof_->unproven();
  const auto on_the_way = pipeline_.unanswered();
  probes.insert(probes.end(), on_the_way.begin(), on_the_way.end());
  return probes;
}

/// It ended the session at RSET. One that does so at the first has nothing to teach.
void Session::learn_limit() {
  if (resets_ == 0) return;
  const SteadyTime now = engine_.services.clock.now();
  destination_.change_habits(opened_.endpoint, [&](Habits& habits) { habits.hung_up_after(resets_, now); });
  engine_.services.log.info(
      fmt::format("{} ends a session at RSET after {} recipients: at most {} from now on", server().text(),
                  resets_, destination_.habits(opened_.endpoint).most_transactions(now)));
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
  for (const auto& probe : proof_->unproven()) probe->control_first = true;
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
  proof_->forget_all();
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

}  // namespace fallbackmx
