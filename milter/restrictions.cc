#include "milter/restrictions.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <utility>

#include "milter/dns_tests.h"

namespace fallbackmx {

namespace {

constexpr int tempfail_code = 450;        // fixed in Postfix, whatever unknown_address_reject_code says
constexpr int null_mx_sender_code = 550;  // RFC 7505 section 4.2; fixed
constexpr int null_mx_recipient_code = 556;
constexpr int invalid_literal_code = 501;  // Postfix's invalid_hostname_reject_code

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// Mailers that mean "I deliver this myself". Postfix gives `error` for the domains of virtual_alias_maps.
bool is_final_destination(std::string_view mailer) {
  static constexpr std::array<std::string_view, 11> finals = {"local",   "virtual",  "error",     "discard",
                                                              "prog",    "*file*",   "*include*", "cyrus",
                                                              "cyrusv2", "procmail", "maildrop"};
  return std::any_of(finals.begin(), finals.end(), [&](std::string_view name) { return same(mailer, name); });
}

/// A next hop that speaks LMTP cannot be asked by SMTP.
bool is_lmtp(std::string_view next_hop) {
  return same(next_hop.substr(0, 5), "unix:") || same(next_hop.substr(0, 5), "inet:");
}

bool is_bare_postmaster(const Address& recipient) {
  return recipient.domain().empty() && same(recipient.local(), "postmaster");
}

/// What one restriction says. `dunno`: ask the next one.
struct Answer {
  enum class Kind { dunno, permit, reply, defer_if_permit };
  Kind kind = Kind::dunno;
  Reply reply{};
};

/// Which of the three lists: it gives `reject` and `defer` their name and class (smtpd_dsn_fix.h).
struct List {
  const Restrictions& restrictions;
  std::string_view name, kind;
};

/// One RCPT TO on its way through the lists.
class Evaluation {
 public:
  Evaluation(const Settings& settings, const Client& client, const Envelope& envelope, Questions& questions)
      : settings_(settings), client_(client), envelope_(envelope), questions_(questions) {}

  Outcome run() {
    // As with smtpd_delay_reject: everything is evaluated here, for each recipient anew. `permit` ends its
    // own list only.
    if (client_.helo && !client_.helo->empty()) {
      if (run({settings_.smtpd_helo_restrictions, *client_.helo, "Helo command"})) return std::move(outcome_);
    }
    if (run({settings_.smtpd_sender_restrictions, envelope_.sender_given, "Sender address"}) ||
        run({settings_.smtpd_recipient_restrictions, envelope_.recipient_given, "Recipient address"})) {
      return std::move(outcome_);
    }
    if (deferral_) finish(std::move(deferral_->reply), deferral_->by);
    return std::move(outcome_);
  }

 private:
  /// True when the answer is final.
  bool run(const List& list) {
    for (const Restriction restriction : list.restrictions) {
      Answer answer = apply(restriction, list);
      switch (answer.kind) {
        case Answer::Kind::dunno:
          break;
        case Answer::Kind::permit:
          return false;
        case Answer::Kind::reply:
          finish(std::move(answer.reply), restriction);
          return true;
        case Answer::Kind::defer_if_permit:
          // The first cause stands; a later permit does not clear it, a later reject outranks it.
          if (!deferral_) deferral_ = Deferral{std::move(answer.reply), restriction};
          break;
      }
    }
    return false;
  }

  void finish(Reply reply, Restriction by) {
    outcome_.reply = std::move(reply);
    outcome_.by = by;
    outcome_.unverified = false;
  }

  Answer apply(Restriction restriction, const List& list) {
    switch (restriction) {
      case Restriction::permit_mynetworks:
        return permit_if(client_.address && settings_.mynetworks.contains(*client_.address));
      case Restriction::permit_sasl_authenticated:
        return permit_if(client_.authenticated);
      case Restriction::permit:
        return permit_if(true);
      case Restriction::reject:
        return say(settings_.reject_code, "5.7.1", list.name, list.kind, "Access denied");
      case Restriction::defer:
        return say(settings_.defer_code, "4.3.2", list.name, list.kind, "Try again later");
      case Restriction::reject_unauth_destination:
        return unauth_destination();
      case Restriction::reject_unknown_sender_domain:
        return unknown_sender_domain();
      case Restriction::reject_unknown_recipient_domain:
        return unknown_recipient_domain();
      case Restriction::reject_unknown_helo_hostname:
        return unknown_helo_hostname();
      case Restriction::reject_unverified_recipient:
        return unverified_recipient();
    }
    return {};
  }

  static Answer permit_if(bool permitted) {
    return {.kind = permitted ? Answer::Kind::permit : Answer::Kind::dunno};
  }

  Answer say(int code, std::string_view dsn, std::string_view name, std::string_view kind,
             std::string_view reason) const {
    std::string text = "<";
    text.append(name).append(">: ").append(kind).append(" rejected: ").append(reason);
    return {Answer::Kind::reply, make_reply(code, dsn, text, settings_.soft_bounce)};
  }

  /// A test that was meant to reject could not be finished.
  static Answer unfinished(TempfailAction action, Answer answer) {
    if (action == TempfailAction::defer_if_permit) answer.kind = Answer::Kind::defer_if_permit;
    return answer;
  }

  /// Who is no final destination and stands in no list is somebody else's. The MTA has made this test before
  /// us by its own list; so without a list of ours, or without knowing the mailer, there is nothing to add.
  Answer unauth_destination() const {
    if (settings_.relay_domains.empty() || envelope_.mailer.empty() || envelope_.recipient.domain().empty())
      return {};
    if (is_final_destination(envelope_.mailer) ||
        settings_.relay_domains.matches(envelope_.recipient.domain()))
      return {};
    const std::string text = "<" + envelope_.recipient_given + ">: Relay access denied";
    return {Answer::Kind::reply,
            make_reply(settings_.relay_domains_reject_code, "5.7.1", text, settings_.soft_bounce)};
  }

  Answer unknown_sender_domain() {
    if (is_final_destination(envelope_.sender_mailer)) return {};
    return unknown_domain(envelope_.sender, envelope_.sender_given, "Sender address", "4.1.8",
                          null_mx_sender_code, "5.7.27");
  }

  /// relay_domains is not exempt: what we relay must be findable by our MTA, too.
  Answer unknown_recipient_domain() {
    if (is_final_destination(envelope_.mailer)) return {};
    return unknown_domain(envelope_.recipient, envelope_.recipient_given, "Recipient address", "4.1.2",
                          null_mx_recipient_code, "5.1.10");
  }

  Answer unknown_domain(const Address& address, std::string_view given, std::string_view kind,
                        std::string_view dsn, int null_mx_code, std::string_view null_mx_dsn) {
    if (address.domain().empty() || address.is_literal()) return {};
    switch (find_mail_domain(questions_, address.domain())) {
      case DnsRank::ok:
        return {};
      case DnsRank::null_mx:
        return say(null_mx_code, null_mx_dsn, given, kind,
                   "Domain " + address.domain() + " does not accept mail (nullMX)");
      case DnsRank::malformed:
        return say(settings_.unknown_address_reject_code, dsn, given, kind, "Malformed DNS server reply");
      case DnsRank::not_found:
        return say(settings_.unknown_address_reject_code, dsn, given, kind, "Domain not found");
      case DnsRank::temporary:
        return unfinished(settings_.unknown_address_tempfail_action,
                          say(tempfail_code, dsn, given, kind, "Domain not found"));
    }
    return {};
  }

  Answer unknown_helo_hostname() {
    if (!client_.helo || client_.helo->empty()) return {};
    const std::string_view helo = *client_.helo;
    if (helo.front() == '[') {
      return valid_literal(helo) ? Answer{} : say_helo(invalid_literal_code, "5.5.2", "invalid ip address");
    }
    switch (find_helo_name(questions_, helo)) {
      case DnsRank::ok:
      case DnsRank::null_mx:
        return {};
      case DnsRank::malformed:
        return say_helo(settings_.unknown_hostname_reject_code, "4.7.1", "Malformed DNS server reply");
      case DnsRank::not_found:
        return say_helo(settings_.unknown_hostname_reject_code, "4.7.1", "Host not found");
      case DnsRank::temporary:
        return unfinished(settings_.unknown_helo_hostname_tempfail_action,
                          say_helo(tempfail_code, "4.7.1", "Host not found"));
    }
    return {};
  }

  Answer say_helo(int code, std::string_view dsn, std::string_view reason) const {
    return say(code, dsn, *client_.helo, "Helo command", reason);
  }

  Answer unverified_recipient() {
    if (!is_relayed(settings_, envelope_)) return {};
    if (envelope_.recipient.null()) {  // the MTA understands this address, and we do not
      outcome_.unverified = true;
      return {};
    }
    if (!outcome_.finding) outcome_.finding = questions_.verify(envelope_.recipient, envelope_.next_hop);
    Decision decision = decide(*outcome_.finding, settings_, envelope_.recipient_given);
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

  struct Deferral {
    Reply reply;
    Restriction by;
  };

  const Settings& settings_;
  const Client& client_;
  const Envelope& envelope_;
  Questions& questions_;
  std::optional<Deferral> deferral_;
  Outcome outcome_;
};

}  // namespace

Outcome evaluate(const Settings& settings, const Client& client, const Envelope& envelope,
                 Questions& questions) {
  if (is_bare_postmaster(envelope.recipient)) return {};
  return Evaluation(settings, client, envelope, questions).run();
}

bool is_relayed(const Settings& settings, const Envelope& envelope) {
  if (is_final_destination(envelope.mailer) || is_lmtp(envelope.next_hop)) return false;
  if (settings.relay_domains.empty()) return same(envelope.mailer, "relay");
  return settings.relay_domains.matches(envelope.recipient.domain());
}

}  // namespace fallbackmx
