// One RCPT TO before the restrictions, in the words of a test's row.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/restriction_list.h"
#include "milter/rules/restrictions.h"

namespace fallbackmx {

/// Answers from words such as `dns:example.org=+--` (MX, A, AAAA: `+` there, `0` null MX, `!` malformed, `t`
/// no answer, `-` not found) and `verdict=undeliverable`. What is not listed does not exist.
class ScriptedQuestions final : public Questions {
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

  const RecipientRewriting* rewriting() const override { return of_mta; }

  std::map<std::string, std::string> dns;
  const RecipientRewriting* of_mta = nullptr;
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

inline std::optional<Verdict> verdict_of_word(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Verdict::late); ++i) {
    if (to_string(static_cast<Verdict>(i)) == name) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

/// One RCPT TO, from the words of a test's row.
struct RcptScene {
  Settings settings;
  Client client;
  Envelope envelope;
  ScriptedQuestions script;

  RcptScene() {
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
    } else if (key == "domain") {
      envelope.unread_domain = value;
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
      script.finding.verdict = verdict_of_word(value).value();
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
    if (outcome.not_asked && outcome.not_asked->reason != NotAsked::Reason::final)
      told += " not-asked " + std::string(to_string(outcome.not_asked->reason));
    for (const auto& [by, reply] : outcome.warnings) {
      told += " warned: ";
      if (reply.code != 0) told += std::to_string(reply.code) + ' ' + reply.dsn + ' ';
      told += reply.text + " / " + std::string(to_string(by));
    }
    return told;
  }
};

struct RcptRow {
  std::string_view name;
  std::string lists, setup;
  std::string want;
};

/// What each of them is told.
inline void play_rcpts(const std::vector<RcptRow>& rows) {
  for (const auto& row : rows) EXPECT_EQ(RcptScene().play(row.lists, row.setup), row.want) << row.name;
}

}  // namespace fallbackmx
