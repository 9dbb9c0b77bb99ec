#include "milter/restrictions.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <sstream>
#include <string>

#include "conf/config.h"
#include "conf/restriction_list.h"
#include "milter/relaying.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// Answers from words such as `dns:example.org=+--` (MX, A, AAAA: `+` there, `0` null MX, `!` malformed, `t`
/// no answer, `-` not found) and `verdict=undeliverable`. What is not listed does not exist.
class Script final : public Questions {
 public:
  DnsAnswer lookup(std::string_view name, RecordType type) override {
    asked += std::string(asked.empty() ? "" : " ") + std::string(name) + '/' + std::string(to_string(type));
    const auto found = dns.find(std::string(name));
    if (found == dns.end()) return answer(type, '-');
    return answer(type, found->second.at(type == RecordType::mx ? 0 : type == RecordType::a ? 1 : 2));
  }

  Finding verify(Question question) override {
    verified +=
        std::string(verified.empty() ? "" : " ") + question.recipient.mailbox() + '@' + question.next_hop;
    if (question.of == Question::Of::primary) verified += " primary";
    if (question.tls) verified += " tls=" + std::string(to_string(*question.tls));
    if (question.sender) verified += " sender=" + *question.sender;
    if (question.patience) verified += " patience=" + std::to_string(question.patience->count());
    return finding;
  }

  std::map<std::string, std::string> dns;
  Finding finding;
  std::string asked, verified;

 private:
  static DnsAnswer answer(RecordType type, char letter) {
    DnsAnswer out;
    out.status = letter == '-'   ? DnsAnswer::Status::nx_domain
                 : letter == 't' ? DnsAnswer::Status::temporary
                                 : DnsAnswer::Status::ok;
    if (letter == '!') out.canonical = "-bad-.example.org";
    if (type == RecordType::mx && out.status == DnsAnswer::Status::ok) {
      out.mx = {{10, letter == '0' ? "" : letter == '!' ? "-bad-.example.org" : "mx1.example.org"}};
    }
    if (type != RecordType::mx && letter == '+') out.addresses = {boost::asio::ip::make_address("192.0.2.1")};
    return out;
  }
};

std::optional<Verdict> verdict_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Verdict::late); ++i) {
    if (to_string(static_cast<Verdict>(i)) == name) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

/// One RCPT TO, from the words of a test's row.
struct Scene {
  Settings settings;
  Client client;
  Envelope envelope;
  Script script;

  Scene() {
    settings.unknown_address_reject_code = 550;
    settings.unknown_hostname_reject_code = 450;
    settings.invalid_hostname_reject_code = 501;
    settings.non_fqdn_reject_code = 504;
    settings.access_map_reject_code = 554;
    settings.access_map_defer_code = 450;
    settings.myhostname = "fallback.example.org";
    settings.relay_domains_reject_code = 554;
    settings.reject_code = 554;
    settings.defer_code = 450;
    settings.unverified_recipient_reject_code = 550;
    settings.unverified_recipient_defer_code = 450;
    settings.unverified_recipient_tempfail_action = UnverifiedAction::permit;
    settings.mynetworks = *NetworkList::parse("192.0.2.0/24, [2001:db8::]/32");
    script.dns = {{"example.org", "+--"}, {"example.net", "+--"}, {"mail.example.net", "-+-"}};
    client.name = "mail.example.net";
    client.address = boost::asio::ip::make_address("198.51.100.7");
    client.helo = "mail.example.net";
    envelope.mailer = "relay";
    envelope.next_hop = "example.org";
    set("from=s@example.net");
    set("to=u@example.org");
    script.finding.verdict = Verdict::deliverable;
  }

  void set(const std::string& word) {
    const auto equals = word.find('=');
    const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "from") {
      envelope.sender_given = value;
      envelope.sender = parsed(value);
    } else if (key == "to") {
      envelope.recipient_given = value;
      envelope.recipient = parsed(value);
    } else if (key == "hop") {
      envelope.next_hop = value;
    } else if (key == "helo") {
      client.helo = value;
    } else if (key == "no-helo") {
      client.helo.reset();
    } else if (key == "client") {
      client.address = boost::asio::ip::make_address(value);
    } else if (key == "no-client") {
      client.address.reset();
    } else if (key == "client-name") {
      client.name = value;
    } else if (key == "smtputf8") {
      envelope.smtputf8 = true;
    } else if (key == "auth") {
      client.authenticated = true;
    } else if (key == "mailer") {
      envelope.mailer = value;
    } else if (key == "sender-mailer") {
      envelope.sender_mailer = value;
    } else if (key == "host") {
      envelope.next_hop = value;
    } else if (key == "relay_domains") {
      settings.relay_domains = *DomainList::parse(value);
    } else if (key == "soft_bounce") {
      settings.soft_bounce = true;
    } else if (key == "address-code") {
      settings.unknown_address_reject_code = std::stoi(value);
    } else if (key == "hostname-code") {
      settings.unknown_hostname_reject_code = std::stoi(value);
    } else if (key == "reject-code") {
      settings.unverified_recipient_reject_code = std::stoi(value);
    } else if (key == "address-tempfail") {
      settings.unknown_address_tempfail_action = TempfailAction::defer;
    } else if (key == "helo-tempfail") {
      settings.unknown_helo_hostname_tempfail_action = TempfailAction::defer;
    } else if (key == "unverified-tempfail") {
      settings.unverified_recipient_tempfail_action =
          value == "defer" ? UnverifiedAction::defer : UnverifiedAction::defer_if_permit;
    } else if (key == "verdict") {
      script.finding.verdict = verdict_named(value).value();
    } else if (key.starts_with("dns:")) {
      script.dns[key.substr(4)] = value;
    } else {
      throw std::invalid_argument("what is " + word);
    }
  }

  /// What the MTA handed us that we could not read is the null address, as in the callbacks.
  static Address parsed(const std::string& text) {
    const auto address = Address::parse(text);
    return address ? *address : Address();
  }

  std::string play(const std::string& lists, const std::string& setup) {
    std::istringstream words(setup), parts(lists);
    for (std::string word; words >> word;) set(word);
    for (std::string part; std::getline(parts, part, ';');) {
      const auto colon = part.find(':');
      auto& list = part.find("client:") < colon   ? settings.smtpd_client_restrictions
                   : part.find("helo:") < colon   ? settings.smtpd_helo_restrictions
                   : part.find("sender:") < colon ? settings.smtpd_sender_restrictions
                   : part.find("relay:") < colon  ? settings.smtpd_relay_restrictions
                                                  : settings.smtpd_recipient_restrictions;
      const auto parsed = parse_restrictions(part.substr(colon + 1));
      if (!parsed) throw std::invalid_argument(parsed.error());
      list = *parsed;
    }
    const Outcome outcome = evaluate(settings, client, envelope, script);
    std::string told = outcome.reply.code == 0 ? "continue"
                                               : std::to_string(outcome.reply.code) + ' ' +
                                                     outcome.reply.dsn + ' ' + outcome.reply.text;
    if (outcome.by) told += " / " + std::string(to_string(*outcome.by));
    if (outcome.unverified) told += " unverified";
    if (outcome.alarm) told += " alarm";
    for (const auto& [by, reply] : outcome.warnings) {
      told += " warned: ";
      if (reply.code != 0) told += std::to_string(reply.code) + ' ' + reply.dsn + ' ';
      told += reply.text + " / " + std::string(to_string(by));
    }
    return told;
  }
};

struct Row {
  std::string_view name;
  std::string lists, setup;
  std::string want;
};

void play(const std::vector<Row>& rows) {
  for (const auto& row : rows) EXPECT_EQ(Scene().play(row.lists, row.setup), row.want) << row.name;
}

const std::string sender_domain = "sender: reject_unknown_sender_domain";
const std::string recipient_domain = "recipient: reject_unknown_recipient_domain";
const std::string helo_name = "sender: reject_unknown_helo_hostname";
const std::string unverified = "recipient: reject_unverified_recipient";
const std::string usual =
    "sender: permit_mynetworks permit_sasl_authenticated reject_unknown_sender_domain "
    "reject_unknown_helo_hostname; "
    "recipient: permit_mynetworks permit_sasl_authenticated reject_unknown_recipient_domain "
    "reject_unverified_recipient";

TEST(Restrictions, EmptyListsLetEverythingPass) {
  play({{"nothing", "", "helo=nowhere.invalid from=s@nowhere.invalid", "continue"}});
}

TEST(Restrictions, SimpleOnesSayWhatPostfixSays) {
  play({
      {"reject names the recipient", "recipient: reject", "",
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"reject names the sender", "sender: reject", "",
       "554 5.7.1 <s@example.net>: Sender address rejected: Access denied / reject"},
      {"reject names the null sender", "sender: reject",
       "from=", "554 5.7.1 <>: Sender address rejected: Access denied / reject"},
      {"reject names the HELO name", "helo: reject", "",
       "554 5.7.1 <mail.example.net>: Helo command rejected: Access denied / reject"},
      {"defer", "recipient: defer", "",
       "450 4.3.2 <u@example.org>: Recipient address rejected: Try again later / defer"},
      {"permit before reject", "recipient: permit reject", "", "continue"},
      {"soft_bounce", "recipient: reject", "soft_bounce",
       "454 4.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"no HELO, no HELO restrictions", "helo: reject", "no-helo", "continue"},
      {"an empty HELO counts as none", "helo: reject", "helo=", "continue"},
  });
}

TEST(Restrictions, PermitEndsItsOwnListOnly) {
  play({
      {"helo's permit", "helo: permit; sender: reject", "",
       "554 5.7.1 <s@example.net>: Sender address rejected: Access denied / reject"},
      {"sender's permit", "sender: permit; recipient: reject", "",
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"helo comes first", "helo: reject; sender: defer; recipient: permit", "",
       "554 5.7.1 <mail.example.net>: Helo command rejected: Access denied / reject"},
      {"sender comes before recipient", "sender: defer; recipient: reject", "",
       "450 4.3.2 <s@example.net>: Sender address rejected: Try again later / defer"},
  });
}

TEST(Restrictions, ABarePostmasterSkipsEverything) {
  play({
      {"lower case", "helo: reject; sender: reject; recipient: reject", "to=postmaster", "continue"},
      {"any case", "recipient: reject", "to=PostMaster", "continue"},
      {"with a domain it is like any other", "recipient: reject", "to=postmaster@example.org",
       "554 5.7.1 <postmaster@example.org>: Recipient address rejected: Access denied / reject"},
      {"another bare name is like any other", "recipient: reject", "to=root",
       "554 5.7.1 <root>: Recipient address rejected: Access denied / reject"},
  });
}

TEST(Restrictions, NetworksAndAuthenticationPermit) {
  const std::string lists = "recipient: permit_mynetworks permit_sasl_authenticated reject";
  constexpr auto denied = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play({
      {"a stranger", lists, "", denied},
      {"a neighbour", lists, "client=192.0.2.9", "continue"},
      {"a neighbour by IPv6", lists, "client=2001:db8::9", "continue"},
      {"a neighbour in disguise", lists, "client=::ffff:192.0.2.9", "continue"},
      {"a stranger by IPv6", lists, "client=2001:db9::9", denied},
      {"nobody knows who", lists, "no-client", denied},
      {"authenticated", lists, "auth", "continue"},
  });
}

TEST(Restrictions, UnknownSenderDomain) {
  play({
      {"known", sender_domain, "", "continue"},
      {"only an address", sender_domain, "dns:example.net=-+-", "continue"},
      {"only an IPv6 address", sender_domain, "dns:example.net=--+", "continue"},
      {"MX without an answer, but an address", sender_domain, "dns:example.net=t+-", "continue"},
      {"not there", sender_domain, "dns:example.net=---",
       "550 5.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain"},
      {"not there, Postfix's default code", sender_domain, "dns:example.net=--- address-code=450",
       "450 4.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain"},
      {"no answer", sender_domain, "dns:example.net=t--",
       "450 4.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain"},
      {"no answer has its own code", sender_domain, "dns:example.net=ttt address-code=554",
       "450 4.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain"},
      {"null MX", sender_domain, "dns:example.net=0-- address-code=450",
       "550 5.7.27 <s@example.net>: Sender address rejected: Domain example.net does not accept mail "
       "(nullMX) / "
       "reject_unknown_sender_domain"},
      {"null MX beats an address", sender_domain, "dns:example.net=0++",
       "550 5.7.27 <s@example.net>: Sender address rejected: Domain example.net does not accept mail "
       "(nullMX) / "
       "reject_unknown_sender_domain"},
      {"malformed", sender_domain, "dns:example.net=!++",
       "550 5.1.8 <s@example.net>: Sender address rejected: Malformed DNS server reply / "
       "reject_unknown_sender_domain"},
      {"the null sender is not tested", sender_domain, "from=", "continue"},
      {"a bare sender is not tested", sender_domain, "from=root", "continue"},
      {"a literal is not tested", sender_domain, "from=s@[203.0.113.1]", "continue"},
      {"a sender the MTA delivers to itself", sender_domain, "dns:example.net=--- sender-mailer=local",
       "continue"},
      {"a sender of a virtual domain", sender_domain, "dns:example.net=--- sender-mailer=virtual",
       "continue"},
      {"a sender somewhere else", sender_domain, "dns:example.net=--- sender-mailer=smtp",
       "550 5.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain"},
      {"an address that only the MTA understands", sender_domain, "from=a@b@@c", "continue"},
      {"it works in the recipient list, too", "recipient: reject_unknown_sender_domain",
       "dns:example.net=---",
       "550 5.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain"},
  });
}

TEST(Restrictions, UnknownRecipientDomain) {
  play({
      {"known", recipient_domain, "", "continue"},
      {"not there", recipient_domain, "dns:example.org=---",
       "550 5.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
       "reject_unknown_recipient_domain"},
      {"relay_domains is not exempt", recipient_domain, "dns:example.org=--- relay_domains=example.org",
       "550 5.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
       "reject_unknown_recipient_domain"},
      {"no answer", recipient_domain, "dns:example.org=-t-",
       "450 4.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
       "reject_unknown_recipient_domain"},
      {"null MX", recipient_domain, "dns:example.org=0--",
       "556 5.1.10 <u@example.org>: Recipient address rejected: Domain example.org does not accept mail "
       "(nullMX) / "
       "reject_unknown_recipient_domain"},
      {"malformed", recipient_domain, "dns:example.org=-!-",
       "550 5.1.2 <u@example.org>: Recipient address rejected: Malformed DNS server reply / "
       "reject_unknown_recipient_domain"},
      {"a mailbox of the MTA's own", recipient_domain, "dns:example.org=--- mailer=local", "continue"},
      {"a virtual mailbox", recipient_domain, "dns:example.org=--- mailer=virtual", "continue"},
      {"a virtual alias", recipient_domain, "dns:example.org=--- mailer=error", "continue"},
      {"another transport", recipient_domain, "dns:example.org=--- mailer=smtp",
       "550 5.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
       "reject_unknown_recipient_domain"},
      {"a literal is not tested", recipient_domain, "to=u@[IPv6:2001:db8::1]", "continue"},
      {"a bare recipient is not tested", recipient_domain, "to=u", "continue"},
  });
}

TEST(Restrictions, UnknownHeloHostname) {
  play({
      {"known", helo_name, "", "continue"},
      {"an MX record will do", helo_name, "helo=example.net", "continue"},
      {"a null MX will do", helo_name, "helo=h.example.net dns:h.example.net=0--", "continue"},
      {"not there", helo_name, "helo=nowhere.example",
       "450 4.7.1 <nowhere.example>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"not there, for good", helo_name, "helo=nowhere.example hostname-code=550",
       "550 5.7.1 <nowhere.example>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"no answer is never for good", helo_name, "helo=h.example.net dns:h.example.net=-t- hostname-code=550",
       "450 4.7.1 <h.example.net>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"no answer about addresses outranks a null MX", helo_name, "helo=h.example.net dns:h.example.net=0t-",
       "450 4.7.1 <h.example.net>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"malformed", helo_name, "helo=h.example.net dns:h.example.net=-!-",
       "450 4.7.1 <h.example.net>: Helo command rejected: Malformed DNS server reply / "
       "reject_unknown_helo_hostname"},
      {"a trailing dot is not found", helo_name, "helo=mail.example.net.",
       "450 4.7.1 <mail.example.net.>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"a bare address is not found", helo_name, "helo=192.0.2.1",
       "450 4.7.1 <192.0.2.1>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"a literal is not looked up", helo_name, "helo=[192.0.2.1]", "continue"},
      {"an IPv6 literal neither", helo_name, "helo=[IPv6:2001:db8::1]", "continue"},
      {"a broken literal", helo_name, "helo=[192.0.2.1",
       "501 5.5.2 <[192.0.2.1>: Helo command rejected: invalid ip address / reject_unknown_helo_hostname"},
      {"none given", helo_name, "no-helo", "continue"},
      {"an empty one", helo_name, "helo=", "continue"},
  });
}

TEST(Restrictions, DeferIfPermitWaitsForTheEndAndKeepsItsFirstCause) {
  constexpr auto sender_deferred =
      "450 4.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain";
  constexpr auto recipient_deferred =
      "450 4.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
      "reject_unknown_recipient_domain";
  const std::string no_dns = "dns:example.net=ttt dns:example.org=ttt dns:mail.example.net=ttt ";
  play({
      {"first cause of two", sender_domain + ";" + recipient_domain, no_dns, sender_deferred},
      {"first cause within a list", "recipient: reject_unknown_recipient_domain reject_unknown_sender_domain",
       no_dns, recipient_deferred},
      {"helo carries over", "helo: reject_unknown_helo_hostname;" + sender_domain, no_dns,
       "450 4.7.1 <mail.example.net>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"permit does not clear it", sender_domain + "; recipient: permit", no_dns, sender_deferred},
      {"permit_mynetworks behind it does not clear it",
       "sender: reject_unknown_sender_domain permit_mynetworks; recipient: permit_mynetworks",
       no_dns + "client=192.0.2.9", sender_deferred},
      {"permit_mynetworks before it prevents it", "sender: permit_mynetworks reject_unknown_sender_domain",
       no_dns + "client=192.0.2.9", "continue"},
      {"a later reject outranks it", sender_domain + "; recipient: reject", no_dns,
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"a later deferral outranks it", sender_domain + "; recipient: defer", no_dns,
       "450 4.3.2 <u@example.org>: Recipient address rejected: Try again later / defer"},
      {"a no from the primary outranks it", sender_domain + ";" + unverified,
       no_dns + "verdict=undeliverable",
       "550 5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: the primary mail "
       "server gave "
       "no verdict / reject_unverified_recipient"},
      {"a yes from the primary does not clear it", sender_domain + ";" + unverified, no_dns, sender_deferred},
      {"an unverified pass does not clear it, and is none", sender_domain + ";" + unverified,
       no_dns + "verdict=unavailable", sender_deferred},
      {"defer does not wait", sender_domain + "; recipient: reject", no_dns + "address-tempfail=defer",
       sender_deferred},
      {"defer for HELO does not wait", "helo: reject_unknown_helo_hostname; recipient: reject",
       no_dns + "helo-tempfail=defer",
       "450 4.7.1 <mail.example.net>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"an unverified recipient can wait, too", unverified,
       "verdict=unavailable unverified-tempfail=defer_if_permit",
       "450 4.1.1 <u@example.org>: Recipient address rejected: unverified address: the primary mail server "
       "is not "
       "available / reject_unverified_recipient"},
      {"and is outranked", "recipient: reject_unverified_recipient reject",
       "verdict=unavailable unverified-tempfail=defer_if_permit",
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"a 4xx reject code takes the same way", "recipient: reject_unverified_recipient reject",
       "verdict=undeliverable reject-code=450",
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
  });
}

TEST(Restrictions, UnverifiedRecipient) {
  play({
      {"yes", unverified, "verdict=deliverable", "continue"},
      {"no", unverified, "verdict=undeliverable",
       "550 5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: the primary mail "
       "server gave "
       "no verdict / reject_unverified_recipient"},
      {"primary away", unverified, "verdict=unavailable", "continue unverified"},
      {"primary away, defer", unverified, "verdict=unavailable unverified-tempfail=defer",
       "450 4.1.1 <u@example.org>: Recipient address rejected: unverified address: the primary mail server "
       "is not "
       "available / reject_unverified_recipient"},
      {"undecided", unverified, "verdict=deferred",
       "450 4.1.1 <u@example.org>: Recipient address rejected: unverified address: the primary mail server "
       "gave no "
       "verdict / reject_unverified_recipient"},
      {"late", unverified, "verdict=late",
       "450 4.1.1 <u@example.org>: Recipient address rejected: unverified address: Address verification in "
       "progress "
       "/ reject_unverified_recipient"},
      {"misrouted", unverified, "verdict=misrouted",
       "450 4.1.1 <u@example.org>: Recipient address rejected: unverified address: no primary mail server "
       "was found "
       "/ reject_unverified_recipient alarm"},
      {"a yes is never a permit", "recipient: reject_unverified_recipient reject", "verdict=deliverable",
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"a mail refused for another cause is not marked", "recipient: reject_unverified_recipient reject",
       "verdict=unavailable",
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"the null sender's recipients are verified, too", usual, "from= verdict=undeliverable",
       "550 5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: the primary mail "
       "server gave "
       "no verdict / reject_unverified_recipient"},
      {"relayed, but not an address to us", unverified, "to=a@b@@c",
       "450 4.1.1 <a@b@@c>: Recipient address rejected: unverified address: the primary mail server gave no "
       "verdict / reject_unverified_recipient"},
      {"the same on the way to a fixed next hop", unverified, "to=a@b@@c hop=[192.0.2.1]",
       "continue unverified"},
  });
}

TEST(Restrictions, OnlyWhatIsRelayedIsVerified) {
  struct Case {
    std::string_view name;
    std::string setup;
    bool want;
  };
  const Case cases[] = {
      {"the MTA's transport relay", "mailer=relay", true},
      {"its name in any case", "mailer=RELAY", true},
      {"another transport", "mailer=smtp", false},
      {"Sendmail's ordinary mailer", "mailer=esmtp", false},
      {"the MTA's own mailbox", "mailer=local", false},
      {"a virtual alias", "mailer=error", false},
      {"no mailer known", "mailer=", false},
      {"relay over LMTP", "mailer=relay host=inet:store.example.org:24", false},
      {"listed, any SMTP transport", "relay_domains=example.org mailer=smtp", true},
      {"listed, Sendmail", "relay_domains=example.org mailer=esmtp host=[mx1.example.org]", true},
      {"listed, no mailer known", "relay_domains=example.org mailer=", true},
      {"a sub-domain of a listed one", "relay_domains=example.org mailer=smtp to=u@sub.example.org", true},
      {"not listed", "relay_domains=example.com mailer=relay", false},
      {"the MTA's own mailbox in a listed domain",
       "relay_domains=example.org mailer=local to=u@fallback.example.org", false},
      {"listed, over LMTP", "relay_domains=example.org mailer=lmtp host=unix:private/dovecot", false},
  };
  for (const auto& c : cases) {
    Scene scene;
    scene.play(unverified, c.setup + " verdict=undeliverable");
    EXPECT_EQ(is_relayed(scene.settings, scene.envelope), c.want) << c.name;
    EXPECT_EQ(!scene.script.verified.empty(), c.want) << c.name;
  }
}

TEST(Restrictions, RejectUnauthDestinationTrustsTheMtaWhereItHasNoListOfItsOwn) {
  const std::string lists = "recipient: reject_unauth_destination";
  constexpr auto denied = "554 5.7.1 <u@example.org>: Relay access denied / reject_unauth_destination";
  play({
      {"listed", lists, "relay_domains=example.org mailer=smtp", "continue"},
      {"not listed", lists, "relay_domains=example.com mailer=smtp", denied},
      {"excepted", lists, "relay_domains=!example.org,example.org mailer=smtp", denied},
      {"not listed, but the MTA's own", lists, "relay_domains=example.com mailer=local", "continue"},
      {"not listed, but a virtual alias", lists, "relay_domains=example.com mailer=error", "continue"},
      {"not listed, mailer not known", lists, "relay_domains=example.com mailer=", "continue"},
      {"a bare name is the MTA's to know", lists, "relay_domains=example.com mailer=local to=u", "continue"},
      {"no list of ours", lists, "mailer=smtp", "continue"},
      {"permitted before", "recipient: permit_sasl_authenticated reject_unauth_destination",
       "relay_domains=example.com mailer=smtp auth", "continue"},
      {"soft_bounce", lists, "relay_domains=example.com mailer=smtp soft_bounce",
       "454 4.7.1 <u@example.org>: Relay access denied / reject_unauth_destination"},
  });
}

TEST(Restrictions, PermitAuthDestinationPermitsWhatIsKnownToBeOurs) {
  const std::string lists = "recipient: permit_auth_destination reject";
  constexpr auto no = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play({
      {"listed", lists, "relay_domains=example.org mailer=smtp", "continue"},
      {"not listed", lists, "relay_domains=example.com mailer=smtp", no},
      {"the MTA's own", lists, "relay_domains=example.com mailer=local", "continue"},
      {"no list, the MTA relays it", lists, "mailer=relay", "continue"},
      {"no list, the MTA sends it anywhere", lists, "mailer=smtp", no},
      {"a bare name, of the MTA's own domain", lists, "to=u mailer=local", "continue"},
      {"a bare name, of somebody else's", lists, "to=u mailer=smtp",
       "554 5.7.1 <u>: Recipient address rejected: Access denied / reject"},
      {"a way around", lists, "to=u%example.net@example.org",
       "554 5.7.1 <u%example.net@example.org>: Recipient address rejected: Access denied / reject"},
  });
}

TEST(Restrictions, DeferUnauthDestinationIsTheSameLater) {
  play({
      {"not listed", "recipient: defer_unauth_destination", "relay_domains=example.com mailer=smtp",
       "454 4.7.1 <u@example.org>: Relay access denied / defer_unauth_destination"},
      {"listed", "recipient: defer_unauth_destination", "relay_domains=example.org mailer=smtp", "continue"},
      {"a way around", "recipient: reject_unauth_destination",
       "relay_domains=example.org mailer=smtp to=a!b@example.org",
       "554 5.7.1 <a!b@example.org>: Relay access denied / reject_unauth_destination"},
  });
}

TEST(Restrictions, HeloNamesHaveAForm) {
  const std::string invalid = "helo: reject_invalid_helo_hostname",
                    non_fqdn = "helo: reject_non_fqdn_helo_hostname";
  constexpr auto literal = "501 5.5.2 <[192.0.2]>: Helo command rejected: invalid ip address";
  play({
      {"a name", invalid, "", "continue"},
      {"a short name", invalid, "helo=mail", "continue"},
      {"a dot at the end", invalid, "helo=mail.example.net.", "continue"},
      {"two dots", invalid, "helo=mail.example.net..",
       "501 5.5.2 <mail.example.net..>: Helo command rejected: Invalid name / reject_invalid_helo_hostname"},
      {"a bad name", invalid, "helo=-mail.example.net",
       "501 5.5.2 <-mail.example.net>: Helo command rejected: Invalid name / reject_invalid_helo_hostname"},
      {"an address", invalid, "helo=192.0.2.1", "continue"},
      {"an IPv6 address", invalid, "helo=2001:db8::1", "continue"},
      {"a literal", invalid, "helo=[192.0.2.1]", "continue"},
      {"a bad literal", invalid, "helo=[192.0.2]", std::string(literal) + " / reject_invalid_helo_hostname"},
      {"UTF-8, even under SMTPUTF8", invalid, "helo=\xc3\xa9.example smtputf8",
       "501 5.5.2 <??.example>: Helo command rejected: Invalid name / reject_invalid_helo_hostname"},
      {"none", invalid, "no-helo", "continue"},
      {"none given", "sender: reject_invalid_helo_hostname", "helo=", "continue"},
      {"a full name", non_fqdn, "", "continue"},
      {"a full name and a dot", non_fqdn, "helo=mail.example.net.", "continue"},
      {"a short one", non_fqdn, "helo=mail",
       "504 5.5.2 <mail>: Helo command rejected: need fully-qualified hostname / "
       "reject_non_fqdn_helo_hostname"},
      {"an address is no name", non_fqdn, "helo=192.0.2.1",
       "504 5.5.2 <192.0.2.1>: Helo command rejected: need fully-qualified hostname / "
       "reject_non_fqdn_helo_hostname"},
      {"a literal will do", non_fqdn, "helo=[IPv6:2001:db8::1]", "continue"},
      {"a bad one not", non_fqdn, "helo=[192.0.2]",
       std::string(literal) + " / reject_non_fqdn_helo_hostname"},
      {"UTF-8", non_fqdn, "helo=\xc3\xa9.example",
       "504 5.5.2 <??.example>: Helo command rejected: need fully-qualified hostname / "
       "reject_non_fqdn_helo_hostname"},
      {"UTF-8 under SMTPUTF8", non_fqdn, "helo=\xc3\xa9.example smtputf8", "continue"},
  });
}

TEST(Restrictions, AddressesHaveAFullDomain) {
  const std::string sender = "sender: reject_non_fqdn_sender",
                    recipient = "recipient: reject_non_fqdn_recipient";
  play({
      {"full", sender, "", "continue"},
      {"the null sender", sender, "from=", "continue"},
      {"no domain", sender, "from=root",
       "504 5.5.2 <root>: Sender address rejected: need fully-qualified address / reject_non_fqdn_sender"},
      {"no dot", sender, "from=s@localhost",
       "504 5.5.2 <s@localhost>: Sender address rejected: need fully-qualified address / "
       "reject_non_fqdn_sender"},
      {"a dot at the end", sender, "from=s@example.net.", "continue"},
      {"a literal", sender, "from=s@[192.0.2.1]", "continue"},
      {"a bare address", sender, "from=s@192.0.2.1",
       "504 5.5.2 <s@192.0.2.1>: Sender address rejected: need fully-qualified address / "
       "reject_non_fqdn_sender"},
      {"full", recipient, "", "continue"},
      {"no dot", recipient, "to=u@localhost",
       "504 5.5.2 <u@localhost>: Recipient address rejected: need fully-qualified address / "
       "reject_non_fqdn_recipient"},
      {"postmaster needs no domain", recipient, "to=postmaster", "continue"},
  });
}

TEST(Restrictions, WhatTablesSay) {
  const TemporaryFile file(
      "example.net REJECT\n<> 550 5.1.7 no bounces\nexample.org DEFER busy\n192.0.2.9 OK\n"
      "helo.example reject_unknown_sender_domain, reject\n"
      "u@example.com DEFER_IF_PERMIT\nwarned.example WARN look\n");
  const std::string table = " texthash:" + file.path() + " ", sender = "sender: check_sender_access" + table,
                    recipient = "recipient: check_recipient_access" + table,
                    client = "client: check_client_access" + table, helo = "helo: check_helo_access" + table;
  play({
      {"REJECT", sender, "",
       "554 5.7.1 <s@example.net>: Sender address rejected: Access denied / check_sender_access"},
      {"of a sub-domain", sender, "from=s@a.example.net",
       "554 5.7.1 <s@a.example.net>: Sender address rejected: Access denied / check_sender_access"},
      {"the null sender", sender,
       "from=", "550 5.1.7 <>: Sender address rejected: no bounces / check_sender_access"},
      {"DEFER with a text", recipient, "",
       "450 4.7.1 <u@example.org>: Recipient address rejected: busy / check_recipient_access"},
      {"not there", sender, "from=s@example.info", "continue"},
      {"OK ends the list", client + "reject", "client-name=unknown client=192.0.2.9", "continue"},
      {"and no other list", client + "reject; recipient: reject", "client-name=unknown client=192.0.2.9",
       "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject"},
      {"a client is named with its address", "client: reject", "",
       "554 5.7.1 <mail.example.net[198.51.100.7]>: Client host rejected: Access denied / reject"},
      {"a domain of the client", client, "client-name=x.example.net",
       "554 5.7.1 <x.example.net[198.51.100.7]>: Client host rejected: Access denied / check_client_access"},
      {"restrictions in a table speak of what was looked up", helo, "helo=helo.example",
       "554 5.7.1 <helo.example>: Helo command rejected: Access denied / reject"},
      {"and are asked in order", helo, "helo=helo.example dns:example.net=---",
       "550 5.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain"},
      {"DEFER_IF_PERMIT", recipient, "to=u@example.com",
       "450 4.7.1 <u@example.com>: Recipient address rejected: Service unavailable / check_recipient_access"},
      {"DEFER_IF_PERMIT and a reject", recipient + "reject", "to=u@example.com",
       "554 5.7.1 <u@example.com>: Recipient address rejected: Access denied / reject"},
      {"WARN", sender, "from=s@warned.example", "continue warned: look / check_sender_access"},
      {"any list may ask any table", "recipient: check_sender_access" + table, "",
       "554 5.7.1 <s@example.net>: Sender address rejected: Access denied / check_sender_access"},
      {"an address that only the MTA understands", sender, "from=a@b@@c", "continue"},
      {"soft_bounce", sender, "soft_bounce",
       "454 4.7.1 <s@example.net>: Sender address rejected: Access denied / check_sender_access"},
  });
}

TEST(Restrictions, AnOkForARoutedRecipientIsNotBelieved) {
  const TemporaryFile file("example.org OK\n");
  const std::string lists = "recipient: check_recipient_access texthash:" + file.path() + " reject";
  play({
      {"plain", lists, "", "continue"},
      {"routed", lists, "to=u%example.net@example.org",
       "554 5.7.1 <u%example.net@example.org>: Recipient address rejected: Access denied / reject"},
  });
}

TEST(Restrictions, WarnIfRejectIsForOneRestriction) {
  const TemporaryFile file("example.net reject_unknown_sender_domain, reject\n");
  constexpr auto said = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play({
      {"a reject", "recipient: warn_if_reject reject", "", std::string("continue warned: ") + said},
      {"a deferral", "recipient: warn_if_reject defer", "",
       "continue warned: 450 4.3.2 <u@example.org>: Recipient address rejected: Try again later / defer"},
      {"only the next one", "recipient: warn_if_reject reject reject", "",
       std::string(said) + " warned: " + said},
      {"also when that says nothing", "recipient: warn_if_reject permit_mynetworks reject", "", said},
      {"a test that could not be made is warned of, not remembered",
       "recipient: warn_if_reject reject_unknown_recipient_domain", "dns:example.org=ttt",
       "continue warned: 450 4.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
       "reject_unknown_recipient_domain"},
      {"all that a table made of it", "sender: warn_if_reject check_sender_access texthash:" + file.path(),
       "dns:example.net=---",
       "continue warned: 550 5.1.8 <s@example.net>: Sender address rejected: Domain not found / "
       "reject_unknown_sender_domain warned: 554 5.7.1 <s@example.net>: Sender address rejected: Access "
       "denied "
       "/ reject"},
      {"permit is permit", "recipient: warn_if_reject permit reject", "", "continue"},
      {"the primary's no", "recipient: warn_if_reject reject_unverified_recipient", "verdict=undeliverable",
       "continue warned: 550 5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: the "
       "primary mail server gave no verdict / reject_unverified_recipient"},
      {"the end of a list ends it", "sender: warn_if_reject; recipient: reject", "", said},
  });
}

TEST(Restrictions, DeferIfPermitAndDeferIfReject) {
  constexpr auto permit_requested =
      "450 4.7.0 <u@example.org>: Recipient address rejected: defer_if_permit requested / defer_if_permit";
  constexpr auto reject_requested =
      "450 4.7.0 <u@example.org>: Recipient address rejected: defer_if_reject requested / defer_if_reject";
  constexpr auto denied = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play({
      {"permit at last", "recipient: defer_if_permit permit", "", permit_requested},
      {"reject at last", "recipient: defer_if_permit reject", "", denied},
      {"defer_if_reject, then reject", "recipient: defer_if_reject reject", "", reject_requested},
      {"defer_if_reject, then a 4xx", "recipient: defer_if_reject defer", "",
       "450 4.3.2 <u@example.org>: Recipient address rejected: Try again later / defer"},
      {"defer_if_reject, then permit", "recipient: defer_if_reject permit", "", "continue"},
      {"both: nothing more is asked", "recipient: defer_if_reject defer_if_permit reject", "",
       permit_requested},
      {"it ends with its phase", "sender: defer_if_reject; recipient: reject", "", denied},
      {"relay and recipient are one phase", "relay: defer_if_reject; recipient: reject", "",
       reject_requested},
      {"a warning is none", "recipient: defer_if_reject warn_if_reject reject", "",
       std::string("continue warned: ") + denied},
      {"soft_bounce comes later", "recipient: defer_if_reject reject", "soft_bounce", reject_requested},
  });
}

TEST(Restrictions, PhasesInPostfixsOrder) {
  const std::string all = "client: reject; helo: reject; sender: reject; relay: reject; recipient: reject";
  constexpr auto recipient = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play({
      {"client first", all, "",
       "554 5.7.1 <mail.example.net[198.51.100.7]>: Client host rejected: Access denied / reject"},
      {"then helo", "recipient: reject; sender: reject; helo: reject", "",
       "554 5.7.1 <mail.example.net>: Helo command rejected: Access denied / reject"},
      {"relay's permit skips nothing", "relay: permit; recipient: reject", "", recipient},
      {"relay before recipient", "relay: reject; recipient: defer", "", recipient},
      {"a client without an address", "client: reject", "no-client client-name=localhost",
       "554 5.7.1 <localhost[unknown]>: Client host rejected: Access denied / reject"},
  });
}

TEST(Restrictions, APolicyForTheDomainDecidesWhetherAndHowItIsVerified) {
  const TemporaryFile table(
      "quiet.example verify=no\nown.example unverified_recipient_reject_reason={Ask us by telephone} "
      "next_hop=[other] answer_timeout=3s\n");
  const TemporaryFile conf("recipient_policy_maps = texthash:" + table.path() + "\n");
  const auto config = read_config({conf.path(), {}, {}});
  ASSERT_TRUE(config.settings) << config.errors[0];
  for (const auto& [setup, want, verified] :
       {std::array{"to=u@quiet.example", "continue", ""},
        std::array{"to=u@own.example",
                   "550 5.1.1 <u@own.example>: Recipient address rejected: undeliverable address: Ask us by "
                   "telephone / reject_unverified_recipient",
                   "u@own.example@[other] patience=3"},
        std::array{
            "to=u@example.org",
            "550 5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: the primary "
            "mail server gave no verdict / reject_unverified_recipient",
            "u@example.org@example.org"}}) {
    Scene scene;
    scene.settings.recipient_policy_maps = config.settings->recipient_policy_maps;
    EXPECT_EQ(scene.play(unverified, std::string(setup) + " verdict=undeliverable"), want);
    EXPECT_EQ(scene.script.verified, verified);
  }
}

TEST(Restrictions, TheDefaultListsAskNoQuestionAboutFriends) {
  for (const std::string friendly : {"client=192.0.2.9", "auth"}) {
    Scene scene;
    EXPECT_EQ(scene.play(usual, friendly), "continue");
    EXPECT_EQ(scene.script.asked, "");
    EXPECT_EQ(scene.script.verified, "");
  }
}

TEST(Restrictions, TheDefaultListsAskInPostfixsOrder) {
  Scene scene;
  EXPECT_EQ(scene.play(usual, "host=[mx1.example.org]"), "continue");
  EXPECT_EQ(scene.script.asked, "example.net/MX mail.example.net/A example.org/MX");
  EXPECT_EQ(scene.script.verified, "u@example.org@[mx1.example.org]");
}

TEST(Restrictions, OneRecipientIsVerifiedOnceHoweverOftenItIsAskedFor) {
  Scene scene;
  scene.play("sender: reject_unverified_recipient;" + unverified, "");
  EXPECT_EQ(scene.script.verified, "u@example.org@example.org");
}

}  // namespace
}  // namespace fallbackmx
