#include "milter/session/desk.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "milter/session/verdict_count.h"

namespace fallbackmx {

namespace {

/// For all lookups of a name together: MX, A and AAAA of a sender's domain come one after the other, and its
/// name servers may be silent.
constexpr std::chrono::seconds longest_lookup{4};

/// Real answers to the rules' questions, for one RCPT.
class LiveQuestions final : public Questions {
 public:
  LiveQuestions(const DeskServices& services, SteadyTime begin, const Settings& settings,
                const RecipientRewriting* rewriting, bool may_ask, bool draining)
      : services_(services),
        rewriting_(rewriting),
        begin_(begin),
        deadline_(begin + settings.answer_timeout),
        may_ask_(may_ask),
        draining_(draining) {}
  ~LiveQuestions() override {
    if (announced_) services_.wait_ends();
  }
  LiveQuestions(const LiveQuestions&) = delete;
  LiveQuestions& operator=(const LiveQuestions&) = delete;

  DnsAnswer lookup(std::string_view name, RecordType type) override {
    return lookup(services_.resolver, name, type);
  }
  DnsAnswer lookup_relayed(std::string_view name, RecordType type) override {
    return lookup(services_.relayed != nullptr ? *services_.relayed : services_.resolver, name, type);
  }
  /// What came of the first lookup that the DNS had no answer to; empty if there was none.
  const std::string& unanswered() const { return unanswered_; }

  const RecipientRewriting* rewriting() const override { return rewriting_; }

  Finding verify(Question question) override {
    question.waits = [this] { announce(); };
    question.deadline = question.patience ? begin_ + *question.patience : deadline_;
    if (may_ask_) return services_.verify(question);
    const auto of = std::exchange(question.of, Question::Of::memory);
    Finding finding = services_.verify(question);
    // With primary_up_action = defer it matters whether the primary is up, which memory does not know. To ask
    // about a recipient that exists tells a guesser nothing.
    if (of != Question::Of::primary || finding.remembered != Remembered::yes) return finding;
    question.of = of;
    return services_.verify(question);
  }

 private:
  void announce() {
    if (!std::exchange(announced_, true)) services_.wait_begins();
  }

  DnsAnswer lookup(Resolver& resolver, std::string_view name, RecordType type) {
    auto answer = resolver.at_hand(name, type);
    if (!answer && draining_) answer = going_away();
    if (!answer) {
      announce();
      answer = resolver.lookup(name, type, until(name));
    }
    if (answer->status == DnsAnswer::Status::temporary && unanswered_.empty()) unanswered_ = answer->why;
    return *std::move(answer);
  }

  /// From the first lookup of the name. Half of what is left: one domain with dead name servers must not use
  /// up the time of every later question.
  SteadyTime until(std::string_view name) {
    const SteadyTime now = services_.clock.now();
    const auto half = now + std::min<SteadyTime::duration>(longest_lookup, (deadline_ - now) / 2);
    return until_.try_emplace(std::string(name), half).first->second;
  }

  static DnsAnswer going_away() {
    DnsAnswer answer;
    answer.why = "not asked: the milter is stopping";
    return answer;
  }

  const DeskServices& services_;
  const RecipientRewriting* const rewriting_;  ///< null: every recipient keeps its address
  const SteadyTime begin_, deadline_;
  const bool may_ask_;  ///< primaries, for this client
  const bool draining_;
  bool announced_ = false;
  std::map<std::string, SteadyTime> until_;  ///< by name
  std::string unanswered_;
};

/// The client hears "Domain not found", as from Postfix; the administrator must learn who did not answer.
bool is_for_want_of_dns(const Outcome& outcome) {
  if (!outcome.by || outcome.reply.rejects()) return false;
  return *outcome.by == Restriction::reject_unknown_helo_hostname ||
         *outcome.by == Restriction::reject_unknown_sender_domain ||
         *outcome.by == Restriction::reject_unknown_recipient_domain;
}

/// What the client hears of it.
Outcome enforced(Outcome outcome, const Settings& settings) {
  if (settings.mode == Enforcement::log_only) outcome.reply = {};
  return outcome;
}

Outcome closed_answer() { return {.reply = {450, "4.3.2", "Service is restarting, try again later"}}; }

}  // namespace

/// One RCPT's place at the desk, counted from its beginning to its end.
class Desk::Seat {
 public:
  explicit Seat(Desk& desk) : desk_(desk) {
    const std::lock_guard lock(desk_.mutex_);
    closed_ = desk_.closed_;
    draining_ = desk_.draining_;
    settings_ = desk_.settings_;
    rewriting_ = desk_.rewriting_;
    ++count();
  }

  ~Seat() {
    const std::lock_guard lock(desk_.mutex_);
    --count();
    desk_.left_.notify_all();
  }

  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  bool closed() const { return closed_; }
  bool draining() const { return draining_; }
  const Settings& settings() const { return *settings_; }
  const RecipientRewriting* rewriting() const { return rewriting_.get(); }

 private:
  std::size_t& count() { return draining_ ? desk_.came_after_ : desk_.came_before_drain_; }

  Desk& desk_;
  bool closed_ = false, draining_ = false;
  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<const RecipientRewriting> rewriting_;
};

Desk::Desk(DeskServices services, std::shared_ptr<const Settings> settings,
           std::shared_ptr<const RecipientRewriting> rewriting)
    : services_(std::move(services)),
      verdict_log_(services_.log, services_.clock),
      session_log_(services_.log),
      settings_(std::move(settings)),
      rewriting_(std::move(rewriting)) {}

Outcome Desk::answer(const SessionState& session, const Envelope& envelope) {
  const Seat seat(*this);
  if (seat.closed()) return closed_answer();
  const SteadyTime begin = services_.clock.now();
  const Settings& settings = seat.settings();
  const bool may_ask = unknown_recipients_.may_ask(session.client.address, begin, settings);
  LiveQuestions questions(services_, begin, settings, seat.rewriting(), may_ask, seat.draining());
  const Outcome outcome = evaluate(settings, session.client, envelope, questions, services_.witness);
  if (outcome.finding && outcome.finding->verdict == Verdict::undeliverable)
    unknown_recipients_.count(session.client.address, begin, settings);
  if (outcome.unverified && outcome.finding && services_.accepted_unverified)
    services_.accepted_unverified(*outcome.finding);
  const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(services_.clock.now() - begin);
  count(services_.metrics, outcome, delay);
  const SteadyTime end = begin + delay;
  AnsweredRecipient told = answered(session, envelope, outcome, settings.mode, services_.clock.wall(), delay);
  if (is_for_want_of_dns(outcome)) told.why = questions.unanswered();
  verdict_log_.write(told, envelope, outcome);
  recent_.add(std::move(told), end);
  return enforced(outcome, settings);
}

std::shared_ptr<const Settings> Desk::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

void Desk::reload(std::shared_ptr<const Settings> settings,
                  std::shared_ptr<const RecipientRewriting> rewriting) {
  const std::lock_guard lock(mutex_);
  rewriting_ = std::move(rewriting);
  settings_ = std::move(settings);
}

void Desk::drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
}

bool Desk::wait_for_the_last(std::chrono::milliseconds limit, bool& waited) {
  std::unique_lock lock(mutex_);
  waited = came_before_drain_ != 0;
  return left_.wait_for(lock, limit, [this] { return came_before_drain_ == 0; });
}

bool Desk::close(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  return left_.wait_for(lock, limit, [this] { return came_before_drain_ == 0 && came_after_ == 0; });
}

}  // namespace fallbackmx
