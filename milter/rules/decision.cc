#include "milter/rules/decision.h"

#include <string>

namespace fallbackmx {

namespace {

using Action = Decision::Action;

constexpr std::size_t why_limit = 250;  // as in Postfix's reject_unverified_address()
constexpr int postfix_defer_code = 450;

/// Why, in words fit for strangers: the primary's own, but neither its name nor its address.
std::string why(const Finding& finding, const DomainSettings& settings) {
  if (!settings.unverified_recipient_reject_reason.empty())
    return settings.unverified_recipient_reject_reason;
  if (finding.verdict == Verdict::late) return "Address verification in progress";
  if (finding.verdict == Verdict::misrouted && finding.stage == Stage::mail)
    return "the primary mail server does not offer SMTPUTF8";
  if (finding.verdict == Verdict::misrouted) return "no primary mail server was found";
  if (finding.code != 0) {
    std::string said = "host said: " + std::to_string(finding.code);
    if (!finding.dsn.empty()) said += ' ' + finding.dsn;
    if (!finding.words.empty()) said += ' ' + finding.words;
    return said.substr(0, why_limit);
  }
  if (finding.verdict == Verdict::unavailable) return "the primary mail server is not available";
  return "the primary mail server gave no verdict";
}

Reply say(int code, std::string_view dsn, std::string_view what, const Finding& finding,
          const DomainSettings& settings, std::string_view recipient) {
  std::string text = "<";
  text.append(recipient).append(">: Recipient address rejected: ").append(what).append(": ");
  text += why(finding, settings);
  return make_reply(code, dsn, text, settings.soft_bounce);
}

Reply unverified_reply(int code, const Finding& finding, const DomainSettings& settings,
                       std::string_view recipient) {
  return say(code, "4.1.1", "unverified address", finding, settings, recipient);
}

Decision pass_unverified() { return {.unverified = true}; }

/// A 2xx code is how Postfix's own parameters say "let it pass".
Decision defer(Action action, const Finding& finding, const DomainSettings& settings,
               std::string_view recipient) {
  const int code = settings.unverified_recipient_defer_code;
  if (code < 400) return pass_unverified();
  return {.action = action, .reply = unverified_reply(code, finding, settings, recipient)};
}

/// The class of unverified_recipient_reject_code decides, and its wording follows (smtpd_check.c). A 4xx code
/// takes the way of the temporary failures, but `permit` there is not for a proven no: that address would
/// bounce.
Decision refuse(const Finding& finding, const DomainSettings& settings, std::string_view recipient) {
  const int code = settings.unverified_recipient_reject_code;
  if (code < 400) return {};
  if (code < 500) {
    const bool now = settings.unverified_recipient_tempfail_action == UnverifiedAction::defer;
    return {.action = now ? Action::defer : Action::defer_if_permit,
            .reply = unverified_reply(code, finding, settings, recipient)};
  }
  return {.action = Action::reject,
          .reply = say(code, "5.1.1", "undeliverable address", finding, settings, recipient)};
}

Decision when_unavailable(const Finding& finding, const DomainSettings& settings,
                          std::string_view recipient) {
  if (finding.remembered == Remembered::yes) return {};
  if (finding.remembered == Remembered::no) {
    if (settings.primary_unavailable_known_bad_action == KnownBadAction::permit) return pass_unverified();
    return defer(Action::defer, finding, settings, recipient);
  }
  switch (settings.unverified_recipient_tempfail_action) {
    case UnverifiedAction::permit:
      return pass_unverified();
    case UnverifiedAction::defer:
      return defer(Action::defer, finding, settings, recipient);
    case UnverifiedAction::defer_if_permit:
      return defer(Action::defer_if_permit, finding, settings, recipient);
  }
  return pass_unverified();
}

/// `auto`: who can find the primary without us is asked to; who cannot, has only us.
/// One that is remembered to exist passes, unless the primary refuses us: it would bounce the mail a second
/// later.
Decision when_undecided(const Finding& finding, const DomainSettings& settings, std::string_view recipient) {
  if (finding.remembered == Remembered::yes && finding.verdict != Verdict::refused) return {};
  const auto action = settings.primary_undecided_action;
  const bool permit =
      action == UndecidedAction::permit || (action == UndecidedAction::automatic && !finding.from_mx);
  return permit ? pass_unverified() : defer(Action::defer, finding, settings, recipient);
}

/// Accepting would bounce, so not even a 2xx defer code lets it pass.
Decision when_misrouted(const Finding& finding, const DomainSettings& settings, std::string_view recipient) {
  const int configured = settings.unverified_recipient_defer_code;
  const int code = configured < 400 ? postfix_defer_code : configured;
  return {
      .action = Action::defer, .reply = unverified_reply(code, finding, settings, recipient), .alarm = true};
}

Decision defer_plainly(std::string_view dsn, std::string_view recipient, std::string_view why,
                       const DomainSettings& settings) {
  std::string text = "<";
  text.append(recipient).append(">: Recipient address rejected: ").append(why);
  return {.action = Action::defer, .reply = make_reply(postfix_defer_code, dsn, text, settings.soft_bounce)};
}

/// Who has asked for too many that do not exist learns nothing more, and loses nothing either.
Decision when_withheld(const Finding& finding, const DomainSettings& settings, std::string_view recipient) {
  if (finding.remembered == Remembered::yes) return {};
  return defer_plainly("4.7.1", recipient, "too many unknown recipients from your address, try again later",
                       settings);
}

/// Whatever it said about the recipient: it said it.
bool has_spoken(Verdict verdict) {
  return verdict == Verdict::deliverable || verdict == Verdict::undeliverable ||
         verdict == Verdict::deferred || verdict == Verdict::refused;
}

Decision while_up(const DomainSettings& settings, std::string_view recipient) {
  return defer_plainly("4.3.2", recipient, "the primary mail server is up, deliver there", settings);
}

}  // namespace

Decision decide(const Finding& finding, const DomainSettings& settings, std::string_view recipient) {
  if (finding.withheld) return when_withheld(finding, settings, recipient);
  if (settings.primary_up_action == UpAction::defer && has_spoken(finding.verdict))
    return while_up(settings, recipient);
  switch (finding.verdict) {
    case Verdict::deliverable:
      return {};
    case Verdict::undeliverable:
      return refuse(finding, settings, recipient);
    case Verdict::unavailable:
      return when_unavailable(finding, settings, recipient);
    case Verdict::deferred:
    case Verdict::refused:
    case Verdict::late:
      return when_undecided(finding, settings, recipient);
    case Verdict::misrouted:
      return when_misrouted(finding, settings, recipient);
  }
  return pass_unverified();
}

}  // namespace fallbackmx
