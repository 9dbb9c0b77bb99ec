#include "probe/smtp/interview.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "probe/base/metrics.h"
#include "probe/primary/silence.h"

namespace fallbackmx {

namespace {

using Purpose = Transaction::Purpose;

/// A session that has said nothing for so long may be stuck. Whoever comes now is better off in another one.
constexpr std::chrono::seconds stall_limit{2};

/// A server that has answered so lately is well, whatever it says in one session.
constexpr std::chrono::minutes lately{1};
/// A server that has answered pipelined commands does so again, for a day.
constexpr std::chrono::hours pipelining_works_for{24};

bool may_pipeline(const Opened& opened, const Habits& habits) {
  return opened.extensions.contains("PIPELINING") && !habits.no_pipelining && !habits.pipelining_suspected;
}

std::string mailbox_of(const std::string& sender) {
  const auto address = Address::parse(sender);
  return address ? address->mailbox() : std::string();
}

}  // namespace

Interview::Interview(Engine& engine, Destination& destination, const Opened& opened,
                     std::shared_ptr<const Settings> settings)
    : engine_(engine),
      destination_(destination),
      servers_(destination.servers()),
      opened_(opened),
      settings_(std::move(settings)),
      budget_(*settings_),
      proof_(engine, servers_, opened.endpoint, opened.tls, settings_),
      fallback_sender_(mailbox_of(settings_->probe_fallback_sender)),
      last_heard_(engine.services.clock.now()),
      waited_since_(last_heard_) {
  const Habits habits = servers_.habits(opened.endpoint);
  pipeline_.allow_pipelining(may_pipeline(opened, habits));
  budget_ = SessionBudget(*settings_, pipeline_.pipelining(), habits.most_transactions(last_heard_),
                          habits.most_rejections(last_heard_));
}

std::size_t Interview::room() const { return leaving_ || stalls() ? 0 : budget_.room(pipeline_.undecided()); }

bool Interview::stalls() const {
  if (!busy()) return false;
  const SteadyTime since = std::max(last_heard_, pipeline_.front().sent);
  return engine_.services.clock.now() - since >= stall_limit;
}

Task<> Interview::take_probes(Destination::Slot& slot) {
  while (auto probe = destination_.take(slot, room())) {
    budget_.count_probe();
    auto rejection = std::exchange(probe->rejection, std::nullopt);
    if (rejection && rejection->endpoint == opened_.endpoint) {
      follow(co_await proof_.add(probe, *std::move(rejection)));
    } else {
      const Address& recipient = probe->recipient;
      const bool second = probe->refused_first_sender.has_value() && !fallback_sender_.empty();
      begin(probe, Purpose::probe, recipient, second ? fallback_sender_ : sender_for(recipient));
    }
  }
}

void Interview::begin(std::shared_ptr<Probe> probe, Purpose purpose, const Address& recipient,
                      const std::string& sender) {
  auto transaction = std::make_shared<Transaction>(Transaction{std::move(probe), purpose, recipient, sender});
  const bool utf8 = recipient.needs_smtputf8();
  if (utf8 && transaction->probe && !opened_.extensions.contains("SMTPUTF8")) {
    transaction->begun = engine_.services.clock.now();
    // Nor can it take the mail. To accept would be to bounce, even where nobody else can take it.
    return land(*transaction, befell(Verdict::misrouted, Stage::mail, server(),
                                     "does not offer SMTPUTF8, which the recipient needs"));
  }
  budget_.count_transaction();
  pipeline_.add(std::move(transaction), utf8 ? " SMTPUTF8" : "", purpose == Purpose::control);
}

SteadyTime Interview::overdue_at() const {
  const Stage awaited = pipeline_.front().stage;
  const std::chrono::seconds timeout = awaited == Stage::mail ? session_patience(settings_->smtp_mail_timeout)
                                       : awaited == Stage::rcpt ? settings_->smtp_rcpt_timeout
                                                                : settings_->smtp_rset_timeout;
  return waiting_since() + timeout;
}

SteadyTime Interview::waiting_since() const { return std::max(last_heard_, pipeline_.front().sent); }

std::chrono::seconds Interview::silent_for() const {
  return std::chrono::round<std::chrono::seconds>(engine_.services.clock.now() - waiting_since());
}

SteadyTime Interview::silent_at() const {
  if (stage() != Stage::mail) return SteadyTime::max();
  const auto patience = servers_.reply_patience(opened_.endpoint, settings_->smtp_mail_timeout);
  const SteadyTime since = waiting_since(), until = since + patience;
  const auto& probe = pipeline_.front().transaction->probe;
  if (!probe || (probe->strikes == 0 && !servers_.any_down())) return until;
  // What another server, or another session, has used up of the client's patience is gone.
  return std::min(until, std::max(probe->queued + patience, since + least_client_patience));
}

SteadyTime Interview::doubtful_at() const {
  const auto& probe = pipeline_.front().transaction->probe;
  if (stage() != Stage::mail || !pipeline_.rcpt_follows() || !probe || probe->strikes > 0)
    return SteadyTime::max();
  const std::chrono::milliseconds patience =
      servers_.reply_patience(opened_.endpoint, settings_->smtp_mail_timeout);
  if (patience <= least_client_patience) return SteadyTime::max();
  return waiting_since() + patience / 2;
}

Task<Interview::Next> Interview::on_reply(const SmtpReply& reply) {
  waited_since_ = std::exchange(last_heard_, engine_.services.clock.now());
  const Pipeline::Command command = pipeline_.pop();
  const SteadyTime::duration took = last_heard_ - command.sent;
  if (command.stage != Stage::rset)
    engine_.services.metrics.observe(Timer::stage_time, took, {to_string(command.stage)});
  Next next = Next::go_on;
  switch (command.stage) {
    case Stage::mail:
      next = on_mail(command.transaction, reply);
      break;
    case Stage::rcpt:
      if (command.transaction->mail_failed) break;
      servers_.replied(opened_.endpoint, took, reply.category() == 2);
      next = co_await on_rcpt(command.transaction, reply);
      break;
    default:
      next = on_rset(reply);
      break;
  }
  waited_since_ = last_heard_;
  co_return next;
}

Interview::Next Interview::on_mail(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply) {
  Circumstances circumstances;
  circumstances.pipelined = pipeline_.pipelining();
  circumstances.fallback_sender_left = fallback_left(*transaction);
  const Judgement judgement = judge({Stage::mail, &reply}, circumstances);
  if (judgement.next == Judgement::Next::go_on) return Next::go_on;

  note(*transaction, Stage::mail, judgement);
  transaction->mail_failed = true;
  if (!pipeline_.pipelining()) pipeline_.drop_unsent(*transaction);
  if (judgement.end_session) leaving_ = dismissed_ = true;
  ProbeResult result = said(judgement.verdict, Stage::mail, server(), reply);
  switch (judgement.next) {
    case Judgement::Next::try_without_pipelining:
      return without_pipelining(*transaction);
    case Judgement::Next::try_fallback_sender:
      servers_.change_habits(opened_.endpoint, [](Habits& habits) { habits.fallback_sender = true; });
      ask_again(*transaction);
      return Next::go_on;
    default:
      break;
  }
  // One that has taken its share of recipients in this session takes more in the next.
  if (reply.category() == 4 && answers_ > 0 && (!transaction->probe || !transaction->probe->reconnected)) {
    if (reply.code == 421) learn_limit();
    return on_new_connection(*transaction);
  }
  if (judgement.alarm) servers_.alarm(opened_.endpoint, result);
  if (transaction->purpose == Purpose::control) {
    follow(proof_.give_up(transaction->recipient.domain(), transaction->sender, judgement.verdict,
                          "asked for the control recipient, " + result.why));
  }
  if (transaction->probe) land(*transaction, std::move(result));
  return Next::go_on;
}

Task<Interview::Next> Interview::on_rcpt(std::shared_ptr<Transaction> transaction, const SmtpReply& reply) {
  note_answer(reply);
  transaction->accepted = reply.category() == 2;
  if (transaction->purpose == Purpose::control) co_return co_await on_control(transaction, reply);
  if (transaction->purpose == Purpose::catchall) {
    on_catchall(*transaction, reply);
    co_return Next::go_on;
  }
  if (reply.category() == 5) co_return co_await on_rejection(transaction, reply);

  const Judgement judgement = judge({Stage::rcpt, &reply}, {});
  note(*transaction, Stage::rcpt, judgement);
  if (judgement.end_session) leaving_ = dismissed_ = true;
  if (judgement.verdict == Verdict::unavailable && may_pass(*transaction, reply))
    co_return on_new_connection(*transaction);
  if (judgement.verdict == Verdict::deliverable) {
    const Address& recipient = transaction->recipient;
    proof_.accepted(recipient.domain(), transaction->sender);
    servers_.accepted_under(opened_.endpoint, *settings_, recipient, transaction->sender);
    good_domains_.insert(recipient.domain());
  }
  ProbeResult result = said(judgement.verdict, Stage::rcpt, server(), reply);
  if (judgement.alarm) servers_.alarm(opened_.endpoint, result);
  land(*transaction, std::move(result));
  co_return Next::go_on;
}

Task<Interview::Next> Interview::on_rejection(std::shared_ptr<Transaction> transaction,
                                              const SmtpReply& reply) {
  const Address& recipient = transaction->recipient;
  if (fallback_left(*transaction) && sender_for(recipient) != transaction->sender) {
    // It has refused that sender meanwhile: a rejection under it is no longer worth a proof.
    begin(transaction->probe, Purpose::probe, recipient, sender_for(recipient));
    co_return Next::go_on;
  }
  Circumstances circumstances;
  circumstances.pipelined = pipeline_.pipelining();
  circumstances.null_sender = transaction->sender.empty();
  circumstances.fallback_sender_left = fallback_left(*transaction);
  circumstances.subject = subject_of_rejection(reply, recipient,
                                               {.our_name = settings_->myhostname,
                                                .our_helo_name = settings_->smtp_helo_name,
                                                .patterns = settings_->undeliverable_reply_patterns});
  circumstances.proven = circumstances.subject == RejectionSubject::address &&
                         proof_.proven(*transaction->probe, transaction->sender);
  const Judgement judgement = judge({Stage::rcpt, &reply}, circumstances);
  note(*transaction, Stage::rcpt, judgement);
  if (judgement.end_session) leaving_ = dismissed_ = true;

  ProbeResult result = said(judgement.verdict, Stage::rcpt, server(), reply);
  result.tls = opened_.tls;
  UnprovenRejection rejection;
  switch (judgement.next) {
    case Judgement::Next::try_without_pipelining:
      co_return without_pipelining(*transaction);
    case Judgement::Next::try_fallback_sender:
      transaction->probe->refused_first_sender = std::move(result);
      begin(transaction->probe, Purpose::probe, recipient, fallback_sender_);
      co_return Next::go_on;
    case Judgement::Next::ask_control:
    case Judgement::Next::ask_real_recipient:
      rejection.result = std::move(result);
      rejection.sender = transaction->sender;
      rejection.needs_real_recipient = judgement.next == Judgement::Next::ask_real_recipient;
      rejection.endpoint = opened_.endpoint;
      follow(co_await proof_.add(transaction->probe, std::move(rejection)));
      co_return Next::go_on;
    default:
      break;
  }
  if (judgement.alarm) servers_.alarm(opened_.endpoint, result);
  land(*transaction, std::move(result));
  co_return Next::go_on;
}

/// Counts a reply to RCPT, and learns of it what the server puts up with.
void Interview::note_answer(const SmtpReply& reply) {
  ++answers_;
  if (reply.category() == 5) budget_.count_rejection();
  if (reply.category() == 4) return;
  const bool pipelined = pipeline_.pipelining();
  servers_.answered(opened_.endpoint, last_heard_, pipelined);
  if (pipelined || !servers_.habits(opened_.endpoint).pipelining_suspected) return;
  // One that is slow all the same was only slow.
  const bool loses_commands = last_heard_ - waited_since_ < patience_beside_another;
  servers_.change_habits(opened_.endpoint, [&](Habits& habits) {
    habits.pipelining_suspected = false;
    habits.no_pipelining = loses_commands;
  });
  if (loses_commands) {
    engine_.services.log.info(
        server().text() +
        " offers PIPELINING and loses what is sent ahead: one command at a time from now on");
  }
}

/// Whether "not now" is likely to be over on a new connection: a limit of this session, or a test that is
/// passed once (postscreen's 4.3.2). Asked once for each probe.
bool Interview::may_pass(const Transaction& transaction, const SmtpReply& reply) {
  Probe& probe = *transaction.probe;
  const Habits habits = servers_.habits(opened_.endpoint);
  const bool limit = reply.code == 421;
  if (probe.reconnected) {
    if (!limit) {
      servers_.change_habits(opened_.endpoint,
                             [this](Habits& known) { known.reconnecting_is_no_use_at = last_heard_; });
    }
    return false;
  }
  const bool well = answers_ > 1 || last_heard_ - habits.answered_at <= lately;
  if (limit && !well) return false;
  if (!limit && (answers_ > 1 || last_heard_ - habits.reconnecting_is_no_use_at <= lately)) return false;
  if (limit) learn_rejections();
  return true;
}

Task<Interview::Next> Interview::on_control(std::shared_ptr<Transaction> asked, const SmtpReply& reply) {
  const Transaction& transaction = *asked;
  const Judgement judgement =
      judge({Stage::rcpt, &reply},
            {.pipelined = pipeline_.pipelining(), .subject = RejectionSubject::address, .proven = true});
  note(transaction, Stage::rcpt, judgement);
  if (judgement.end_session) leaving_ = dismissed_ = true;
  if (judgement.next == Judgement::Next::try_without_pipelining) co_return without_pipelining(transaction);
  if (reply.code == 421) {
    // No word about the control recipient. It is asked for on a new connection before anything is concluded.
    learn_rejections();
    co_return Next::new_connection;
  }
  follow(co_await proof_.on_reply(transaction.recipient, transaction.sender, judgement.verdict, reply));
  co_return Next::go_on;
}

/// Either it does not know RSET, or its replies are out of step: whatever comes now may answer another
/// question.
Interview::Next Interview::on_rset(const SmtpReply& reply) {
  if (judge({Stage::rset, &reply}, {}).end_session) {
    learn_limit();
    return Next::out_of_step;
  }
  ++resets_;
  return Next::go_on;
}

void Interview::on_break() {
  if (!busy()) return;
  if (budget_.rejections() > 0)
    learn_rejections();
  else if (pipeline_.front().stage == Stage::rset && pipeline_.front().transaction->accepted)
    learn_limit();
}

bool Interview::suspect_pipelining() {
  bool suspected = false;
  const bool pipelined = pipeline_.pipelining();
  servers_.change_habits(opened_.endpoint, [&](Habits& habits) {
    suspected = pipelined && answers_ == 0 && !habits.no_pipelining && !habits.pipelining_suspected &&
                last_heard_ - habits.answered_pipelined_at > pipelining_works_for;
    // One command at a time breaks as well: that was not the reason.
    habits.pipelining_suspected = suspected;
  });
  return suspected;
}

/// They are likely to be refused, and so they get the refusals that are left over: asked any earlier they
/// would end the session, and with ten thousand domains there would be a thousand sessions more.
bool Interview::ask_last_questions() {
  const auto lifetime = settings_->probe_catchall_time;
  leaving_ = true;
  if (lifetime.count() == 0 || dismissed_ || server().stale) return false;
  for (const std::string& domain : std::exchange(good_domains_, {})) {
    if (!budget_.can_afford_rejection(pipeline_.undecided())) break;
    const auto nobody = Address::parse(impossible_local_part() + "@" + domain);
    if (nobody && engine_.catchall.claim(server().key(), domain, engine_.services.clock.now(), lifetime))
      begin(nullptr, Purpose::catchall, *nobody, sender_for(*nobody));
  }
  return pipeline_.undecided() > 0;
}

void Interview::on_catchall(const Transaction& transaction, const SmtpReply& reply) {
  const std::string& domain = transaction.recipient.domain();
  const bool everything = judge({Stage::rcpt, &reply}, {.proven = true}).verdict == Verdict::deliverable;
  if (!engine_.catchall.learned(server().key(), domain, everything, last_heard_)) return;
  engine_.services.log.info(fmt::format("{} {} every recipient in {}", server().text(),
                                        everything ? "accepts" : "no longer accepts", domain));
}

/// Does what the proof of rejections asks for.
void Interview::follow(RejectionProof::Step step) {
  for (auto& [probe, result] : step.settled) destination_.land(probe, opened_.endpoint, std::move(result));
  if (step.ask) begin(nullptr, Purpose::control, step.ask->recipient, step.ask->sender);
}

/// With another sender. Rejections that waited for this control recipient were given to the first one, and
/// must be given again, too.
void Interview::ask_again(const Transaction& transaction) {
  if (transaction.purpose != Purpose::control)
    return begin(transaction.probe, transaction.purpose, transaction.recipient, fallback_sender_);
  for (const auto& probe : proof_.take_back(transaction.recipient.domain(), transaction.sender))
    begin(probe, Purpose::probe, probe->recipient, fallback_sender_);
}

void Interview::land(const Transaction& transaction, ProbeResult result) {
  result.tls = opened_.tls;
  // In a full pipeline the others' replies come first: only the time since the one before is this one's own.
  const bool slow = last_heard_ - std::max(transaction.begun, waited_since_) > settings_->answer_timeout;
  destination_.land(transaction.probe, opened_.endpoint, std::move(result), slow);
}

/// For whoever wants to follow: what a reply to MAIL or RCPT was taken for.
void Interview::note(const Transaction& transaction, Stage stage, const Judgement& judgement) const {
  Log& log = engine_.services.log;
  if (!log.wants(LogLevel::debug)) return;
  const bool control = transaction.purpose == Purpose::control;
  log.debug(fmt::format("{}: its reply to {} about {}<{}> means: {}", server().text(), command_of(stage),
                        control ? "the control recipient " : "", printable(transaction.recipient.text()),
                        in_words(judgement)));
}

/// It ended the session at RSET. One that does so at the first has nothing to teach.
void Interview::learn_limit() {
  if (resets_ == 0) return;
  const SteadyTime now = engine_.services.clock.now();
  servers_.change_habits(opened_.endpoint, [&](Habits& habits) { habits.hung_up_after(resets_, now); });
  engine_.services.log.info(
      fmt::format("{} ends a session at RSET after {} recipients: at most {} from now on", server().text(),
                  resets_, servers_.habits(opened_.endpoint).most_transactions(now)));
}

/// It refused so many recipients, and then no more was to be had from it in this session.
void Interview::learn_rejections() {
  const std::size_t rejections = budget_.rejections();
  if (rejections == 0) return learn_limit();
  const SteadyTime now = engine_.services.clock.now();
  if (servers_.habits(opened_.endpoint).most_rejections(now) <= rejections) return;
  servers_.change_habits(opened_.endpoint,
                         [&](Habits& habits) { habits.hung_up_after_rejections(rejections, now); });
  engine_.services.log.info(
      fmt::format("{} ends a session after it has refused {} recipients: no more from now on",
                  server().text(), rejections));
}

/// 503 to a command that would be right after the reply to the one before.
Interview::Next Interview::without_pipelining(const Transaction& transaction) {
  engine_.services.log.info(server().text() +
                            " advertises PIPELINING and answers 503: one command at a time from now on");
  servers_.change_habits(opened_.endpoint, [](Habits& habits) { habits.no_pipelining = true; });
  retry_ = transaction.probe;
  return Next::without_pipelining;
}

Interview::Next Interview::on_new_connection(const Transaction& transaction) {
  retry_ = transaction.probe;
  if (retry_) retry_->reconnected = true;
  leaving_ = true;
  return Next::new_connection;
}

std::vector<std::shared_ptr<Probe>> Interview::hand_over() {
  std::vector<std::shared_ptr<Probe>> probes = proof_.take_unproven();
  if (retry_) probes.insert(probes.begin(), std::exchange(retry_, nullptr));
  const auto on_the_way = pipeline_.unanswered();
  probes.insert(probes.end(), on_the_way.begin(), on_the_way.end());
  pipeline_.clear();
  return probes;
}

}  // namespace fallbackmx
