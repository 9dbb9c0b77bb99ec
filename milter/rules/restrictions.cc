#include "milter/rules/restrictions.h"

#include <fmt/format.h>
#include <strings.h>

#include <string>
#include <utility>

#include "milter/rules/access_rules.h"
#include "milter/rules/address_rules.h"
#include "milter/rules/answer.h"
#include "milter/rules/decision.h"
#include "milter/rules/helo_rules.h"
#include "milter/rules/recipient_question.h"
#include "milter/rules/relaying.h"
#include "probe/mail/next_hop.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr int requested_code = 450;  // of defer_if_permit and defer_if_reject in a list; fixed

bool is_bare_postmaster(const Address& recipient) {
  return recipient.domain().empty() && strcasecmp(recipient.local().c_str(), "postmaster") == 0;
}

/// One RCPT TO on its way through the lists.
class Evaluation {
 public:
  Evaluation(const Settings& settings, const Client& client, const Envelope& envelope, Questions& questions,
             Witness* witness)
      : settings_(settings),
        client_(client),
        client_text_(client.text()),
        envelope_(envelope),
        questions_(questions),
        witness_(witness) {}

  Outcome run() {
    // As with smtpd_delay_reject: everything is evaluated here, for each recipient anew. `permit` ends its
    // own list only.
    const bool final = run_phases();
    if (!final && deferral_) finish(std::move(*deferral_));
    outcome_.reply = settings_.soft_bounce ? softened(std::move(outcome_.reply)) : std::move(outcome_.reply);
    return std::move(outcome_);
  }

 private:
  /// Who says it, and what.
  struct Saying {
    Restriction by;
    Reply reply;
  };
  enum class Step { next, permitted, final };

  bool run_phases() {
    const Subject recipient{envelope_.recipient_given, recipient_address};
    if (run_phase("smtpd_client_restrictions", settings_.smtpd_client_restrictions,
                  {client_text_, client_host}))
      return true;
    if (client_.has_helo() && run_phase("smtpd_helo_restrictions", settings_.smtpd_helo_restrictions,
                                        {*client_.helo, helo_command}))
      return true;
    if (run_phase("smtpd_sender_restrictions", settings_.smtpd_sender_restrictions,
                  {envelope_.sender_given, sender_address}))
      return true;
    if (run_phase("smtpd_relay_restrictions", settings_.smtpd_relay_restrictions, recipient)) return true;
    if (witness_ != nullptr) witness_->begins("smtpd_recipient_restrictions");
    return run_list(settings_.smtpd_recipient_restrictions, recipient) == Step::final;
  }

  /// True when the answer is final. A temporary failure in front of a permit is no concern of the next phase;
  /// relay and recipient restrictions are one.
  bool run_phase(std::string_view name, const Restrictions& list, Subject subject) {
    if (witness_ != nullptr) witness_->begins(name);
    hesitation_.reset();
    warning_depth_ = 0;
    return run_list(list, subject) == Step::final;
  }

  Step run_list(const Restrictions& list, Subject subject) {
    ++depth_;
    Step step = Step::next;
    for (const Rule& rule : list) {
      if (rule.restriction == Restriction::warn_if_reject) {
        if (warning_depth_ == 0) warning_depth_ = depth_;
        tell(rule, {});
        continue;
      }
      step = apply(rule, subject);
      // It was for this one restriction, with all that a table made of it.
      if (warning_depth_ >= depth_) warning_depth_ = 0;
      // Whatever comes, the end is a deferral.
      if (step != Step::next || (deferral_ && hesitation_)) break;
    }
    --depth_;
    return step;
  }

  Step apply(const Rule& rule, Subject subject) {
    if (rule.table) return look_up_and_act(rule);
    return settle(ask(rule.restriction, subject), rule);
  }

  void tell(const Rule& rule, const Answer& answer) {
    if (witness_ != nullptr) witness_->answers(rule, depth_, answer, warning_depth_ != 0);
  }

  Step settle(Answer answer, const Rule& rule) {
    tell(rule, answer);
    const Restriction by = rule.restriction;
    switch (answer.kind) {
      case Answer::Kind::dunno:
        return Step::next;
      case Answer::Kind::permit:
        return Step::permitted;
      case Answer::Kind::reply:
        return refuse({by, std::move(answer.reply)});
      case Answer::Kind::defer_if_permit:
        if (warning_depth_ != 0) return refuse({by, std::move(answer.reply)});
        // The first cause stands; a later permit does not clear it, a later reject outranks it.
        if (!deferral_) deferral_ = Saying{by, std::move(answer.reply)};
        return Step::next;
      case Answer::Kind::defer_if_reject:
        if (!hesitation_) hesitation_ = Saying{by, std::move(answer.reply)};
        return Step::next;
    }
    return Step::next;
  }

  Step refuse(Saying saying) {
    if (warning_depth_ != 0) {
      outcome_.warnings.push_back({saying.by, std::move(saying.reply)});
      return Step::next;
    }
    finish(saying.reply.rejects() && hesitation_ ? std::move(*hesitation_) : std::move(saying));
    return Step::final;
  }

  void finish(Saying saying) {
    outcome_.reply = std::move(saying.reply);
    outcome_.by = saying.by;
    outcome_.unverified = false;
  }

  Answer ask(Restriction restriction, Subject subject) {
    switch (restriction) {
      case Restriction::permit_mynetworks:
        return permit_if(client_.address && settings_.mynetworks.contains(*client_.address));
      case Restriction::permit_sasl_authenticated:
        return permit_if(client_.authenticated);
      case Restriction::permit_auth_destination:
        return auth_destination(settings_, envelope_);
      case Restriction::permit:
        return permit_if(true);
      case Restriction::reject:
        return rejected(settings_.reject_code, "5.7.1", subject, "Access denied");
      case Restriction::defer:
        return rejected(settings_.defer_code, "4.3.2", subject, "Try again later");
      case Restriction::defer_if_permit:
        return {Answer::Kind::defer_if_permit,
                rejected(requested_code, "4.7.0", subject, "defer_if_permit requested").reply};
      case Restriction::defer_if_reject:
        return {Answer::Kind::defer_if_reject,
                rejected(requested_code, "4.7.0", subject, "defer_if_reject requested").reply};
      case Restriction::reject_unauth_destination:
        return unauth_destination(settings_, envelope_, settings_.relay_domains_reject_code, "5.7.1");
      case Restriction::defer_unauth_destination:
        return unauth_destination(settings_, envelope_, settings_.relay_domains_reject_code - 100, "4.7.1");
      case Restriction::reject_invalid_helo_hostname:
        return client_.has_helo() ? invalid_helo_hostname(settings_, *client_.helo) : Answer{};
      case Restriction::reject_non_fqdn_helo_hostname:
        return client_.has_helo() ? non_fqdn_helo_hostname(settings_, *client_.helo, envelope_.smtputf8)
                                  : Answer{};
      case Restriction::reject_unknown_helo_hostname:
        return client_.has_helo() ? unknown_helo_hostname(settings_, *client_.helo, questions_) : Answer{};
      case Restriction::reject_non_fqdn_sender:
        return non_fqdn_sender(settings_, envelope_);
      case Restriction::reject_non_fqdn_recipient:
        return non_fqdn_recipient(settings_, envelope_);
      case Restriction::reject_unknown_sender_domain:
        return unknown_sender_domain(settings_, envelope_, questions_);
      case Restriction::reject_unknown_recipient_domain:
        return unknown_recipient_domain(settings_, envelope_, questions_, !why_not_asked());
      case Restriction::reject_unverified_recipient:
        return unverified_recipient();
      case Restriction::warn_if_reject:
      case Restriction::check_client_access:
      case Restriction::check_helo_access:
      case Restriction::check_sender_access:
      case Restriction::check_recipient_access:
        return {};  // not questions: run_list() and look_up_and_act() have them
    }
    return {};
  }

  // --- access tables ---

  Step look_up_and_act(const Rule& rule) {
    const auto [action, subject] = look_up(rule, settings_, client_, client_text_, envelope_);
    if (action == nullptr) return settle({}, rule);
    if (action->kind == AccessAction::Kind::rules) {
      tell(rule, {});
      return run_list(action->rules, subject);
    }
    if (action->kind == AccessAction::Kind::warn)
      outcome_.warnings.push_back({rule.restriction, {0, "", action->text}});
    if (action->kind == AccessAction::Kind::permit && !may_permit(rule.restriction)) return settle({}, rule);
    return settle(answer_of(*action, subject, settings_), rule);
  }

  /// An OK for a recipient that names another way to go on is too good to be believed.
  bool may_permit(Restriction by) const {
    return by != Restriction::check_recipient_access || !is_routed(envelope_.recipient);
  }

  // --- the primary ---

  /// Whom the primary will see as the recipient.
  const Envelope& about() const { return rewritten_ ? *rewritten_ : envelope_; }

  /// Nothing for a recipient that we relay. Found out once: several restrictions want to know.
  const std::optional<NotAsked>& why_not_asked() {
    if (!why_not_asked_) {
      const RecipientRewriting* of_mta = questions_.rewriting();
      why_not_asked_ =
          not_asked(settings_, client_, envelope_, of_mta == nullptr ? nullptr : &of_mta->domains().clients);
    }
    return *why_not_asked_;
  }

  bool not_about(NotAsked::Reason reason, std::string why) {
    outcome_.not_asked = {reason, std::move(why)};
    return false;
  }

  /// A domain that is named as final is so, even below one that is relayed.
  bool is_relayed_too(const std::string& domain, const RecipientRewriting::Domains& of_mta) const {
    return !of_mta.final.contains(domain) &&
           (settings_.relay_domains.matches(domain) || of_mta.relayed.matches(domain));
  }

  /// Gives the recipient the address that the MTA will give it after we have answered. False: then there is
  /// nobody to ask; `outcome_` says why.
  bool rewrite() {
    const RecipientRewriting* rewriting = questions_.rewriting();
    if (rewriting == nullptr || envelope_.recipient.null()) return true;
    using Kind = RecipientRewriting::Result::Kind;
    auto made = rewriting->of(envelope_.recipient);
    if (made.kind == Kind::same) return true;
    if (made.kind == Kind::several)
      return not_about(NotAsked::Reason::several, "the MTA gives it several addresses: " + made.text);
    const std::string& domain = made.address.domain();
    const bool same_domain = domain == envelope_.recipient.domain();
    if (made.kind == Kind::unqualified || !(same_domain || is_relayed_too(domain, rewriting->domains())))
      return not_about(NotAsked::Reason::rewritten,
                       "the MTA gives it the address " + made.text + ", which it does not relay");
    rewritten_ = envelope_;
    rewritten_->recipient = std::move(made.address);
    if (!same_domain) rewritten_->mailer = rewritten_->next_hop = "";
    outcome_.asked_about = std::move(made.text);
    return true;
  }

  /// Nothing where there is no server to ask; `outcome_` says why then.
  std::optional<Finding> find_out(const RecipientPolicy* policy) {
    if (envelope_.recipient.null()) return unreadable(envelope_);
    Question question = question_for(client_, about(), settings_, policy);
    if (const auto hops = parse_next_hops(question.next_hop); is_lmtp(about()) && !hops) {
      leads_nowhere(hops.error());
      return std::nullopt;
    }
    Finding finding = questions_.verify(std::move(question));
    // With a transport of any other name this may be a program that delivers here: to defer its mail for want
    // of a server would be wrong for ever. Nor do we know the MTA's way to another domain than the one that
    // it told us about.
    const bool other_domain = about().domain() != envelope_.domain();
    const bool may_be_delivered = settings_.relay_domains.empty() && !is_smtp_transport(envelope_.mailer);
    if (finding.verdict == Verdict::misrouted && (other_domain || may_be_delivered)) {
      if (other_domain) {
        not_about(NotAsked::Reason::rewritten,
                  "the MTA gives it the address " + outcome_.asked_about + ": " + finding.why);
      } else {
        leads_nowhere(finding.why);
      }
      return std::nullopt;
    }
    return finding;
  }

  void leads_nowhere(std::string_view why) {
    not_about(NotAsked::Reason::no_host,
              fmt::format("the transport {} leads to no server that can be asked: {}",
                          printable(envelope_.mailer, 100), why));
  }

  Answer unverified_recipient() {
    if (outcome_.not_asked) return {};
    if (!outcome_.finding) {
      outcome_.not_asked = why_not_asked();
      if (outcome_.not_asked || !rewrite()) return {};
    }
    const RecipientPolicy* policy = settings_.recipient_policy_maps.find(about().domain());
    if (policy != nullptr && !policy->verify) {
      outcome_.not_asked = {NotAsked::Reason::policy, "verify=no in recipient_policy_maps"};
      return {};
    }
    const DomainSettings& settings = policy == nullptr ? settings_ : *policy->settings;
    if (!outcome_.finding) outcome_.finding = find_out(policy);
    if (!outcome_.finding) return {};
    Decision decision = decide(*outcome_.finding, settings, envelope_.recipient_given);
    outcome_.unverified = decision.unverified;
    outcome_.alarm = decision.alarm;
    switch (decision.action) {
      case Decision::Action::pass:
        return {};
      case Decision::Action::reject:
      case Decision::Action::defer:
        return {Answer::Kind::reply, std::move(decision.reply)};
      case Decision::Action::defer_if_permit:
        return {Answer::Kind::defer_if_permit, std::move(decision.reply)};
    }
    return {};
  }

  const Settings& settings_;
  const Client& client_;
  const std::string client_text_;
  const Envelope& envelope_;
  Questions& questions_;
  Witness* const witness_;             ///< null: nobody wants to know
  int depth_ = 0, warning_depth_ = 0;  ///< of lists in tables; 0: warn_if_reject is not in force
  std::optional<Saying> deferral_;     ///< to be said instead of a permit: defer_if_permit
  std::optional<Saying> hesitation_;   ///< to be said instead of a 5xx: defer_if_reject
  std::optional<Envelope> rewritten_;  ///< with the address that the MTA gives the recipient
  std::optional<std::optional<NotAsked>> why_not_asked_;
  Outcome outcome_;
};

}  // namespace

Outcome evaluate(const Settings& settings, const Client& client, const Envelope& envelope,
                 Questions& questions, Witness* witness) {
  if (is_bare_postmaster(envelope.recipient)) return {};
  return Evaluation(settings, client, envelope, questions, witness).run();
}

}  // namespace fallbackmx
