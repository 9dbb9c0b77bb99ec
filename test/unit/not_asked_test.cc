#include "milter/rules/not_asked.h"

#include "milter/rules/recipient_question.h"
#include "test/unit/rcpt_scene.h"

namespace fallbackmx {
namespace {

const std::string unverified = "recipient: reject_unverified_recipient";

/// `asked`, or why not.
std::string asked(const RcptScene& scene) {
  const auto reason = not_asked(scene.settings, scene.client, scene.envelope);
  return reason ? std::string(to_string(reason->reason)) : "asked";
}

TEST(NotAsked, WhatTheMtaPassesOnIsAskedAbout) {
  struct Case {
    std::string_view name;
    std::string setup, want;
  };
  const Case cases[] = {
      {"the MTA's transport relay", "mailer=relay", "asked"},
      {"its name in any case", "mailer=RELAY", "asked"},
      {"transport_maps of most howtos: smtp:[primary]", "mailer=smtp host=[mx1.example.org]", "asked"},
      {"permit_mx_backup", "mailer=smtp host=example.org", "asked"},
      {"a service of one's own", "mailer=slow-relay", "asked"},
      {"Sendmail's ordinary mailer", "mailer=esmtp host=example.org.", "asked"},
      {"the MTA's own mailbox", "mailer=local", "final"},
      {"a virtual mailbox", "mailer=virtual", "final"},
      {"a virtual alias", "mailer=error", "final"},
      {"a program of Sendmail's", "mailer=prog", "final"},
      {"a file", "mailer=*file*", "final"},
      {"a delivery program", "mailer=Dovecot", "final"},
      {"another protocol", "mailer=uucp", "final"},
      {"nothing is known", "mailer=", "no-mailer"},
      {"LMTP to another host", "mailer=lmtp host=inet:store.example.org:24", "asked"},
      {"LMTP by another name", "mailer=store host=inet:store.example.org:24", "asked"},
      {"LMTP on this machine", "mailer=lmtp host=unix:/run/dovecot/lmtp", "asked"},
      {"LMTP in Postfix's queue directory", "mailer=lmtp host=unix:private/dovecot-lmtp", "final"},
      {"mail of our own users, to anywhere", "mailer=smtp client=192.0.2.9", "outgoing"},
      {"the same, authenticated", "mailer=smtp auth", "outgoing"},
      {"mail of our own users, to a relayed domain", "mailer=relay auth", "asked"},
      {"listed, any SMTP transport", "relay_domains=example.org mailer=smtp", "asked"},
      {"listed, mail of our own users", "relay_domains=example.org mailer=smtp auth", "asked"},
      {"listed, Sendmail", "relay_domains=example.org mailer=esmtp host=[mx1.example.org]", "asked"},
      {"listed, no mailer known", "relay_domains=example.org mailer=", "asked"},
      {"a sub-domain of a listed one", "relay_domains=example.org mailer=smtp to=u@sub.example.org", "asked"},
      {"not listed", "relay_domains=example.com mailer=relay", "not-listed"},
      {"not listed, mail of our own users", "relay_domains=example.com mailer=smtp auth", "outgoing"},
      {"the MTA's own mailbox in a listed domain",
       "relay_domains=example.org mailer=local to=u@fallback.example.org", "final"},
      {"listed, over LMTP", "relay_domains=example.org mailer=lmtp host=inet:[192.0.2.1]:24", "asked"},
      {"listed, over LMTP here", "relay_domains=example.org mailer=lmtp host=unix:private/dovecot", "final"},
      {"no address, of a listed domain",
       "relay_domains=example.org mailer=smtp to=a@@b@example.org domain=example.org", "asked"},
      {"no address, of another domain",
       "relay_domains=example.com mailer=smtp to=a@@b@example.org domain=example.org", "not-listed"},
      {"no address, and no domain that could be read", "relay_domains=example.com mailer=smtp to=a@@b",
       "asked"},
      {"no address, and delivered here", "relay_domains=example.com mailer=local to=a@@b", "final"},
  };
  for (const auto& c : cases) {
    RcptScene scene;
    scene.play(unverified, c.setup + " verdict=undeliverable");
    EXPECT_EQ(asked(scene), c.want) << c.name;
  }
}

// milter.conf need not have the mynetworks of main.cf.
TEST(NotAsked, OurOwnUsersAreThoseOfTheMtaToo) {
  const RecipientRewriting of_mta({}, {.clients = *NetworkList::parse("198.51.100.0/24")});
  for (const auto& [setup, want] :
       {std::pair("mailer=smtp", "continue not-asked outgoing"),
        std::pair("mailer=smtp client=203.0.113.1", "continue"), std::pair("mailer=relay", "continue"),
        std::pair("mailer=smtp relay_domains=example.org", "continue")}) {
    RcptScene scene;
    scene.script.of_mta = &of_mta;
    EXPECT_EQ(scene.play(unverified, setup), want) << setup;
  }
}

TEST(NotAsked, AnLmtpNextHopIsHandedOnAsOne) {
  struct Case {
    std::string setup, want;
  };
  for (const auto& c : {Case{"mailer=lmtp host=inet:store.example.org:24", "lmtp:inet:store.example.org:24"},
                        Case{"mailer=lmtp host=unix:/run/lmtp", "lmtp:unix:/run/lmtp"},
                        Case{"mailer=lmtp host=store.example.org", "lmtp:store.example.org"},
                        Case{"mailer=lmtp host=", "lmtp:example.org"},
                        Case{"mailer=store host=INET:store.example.org:24", "lmtp:INET:store.example.org:24"},
                        Case{"mailer=smtp host=[mx1.example.org]:26", "[mx1.example.org]:26"}}) {
    RcptScene scene;
    scene.play("", c.setup);
    EXPECT_EQ(question_for(scene.client, scene.envelope, scene.settings, nullptr).next_hop, c.want)
        << c.setup;
  }
}

TEST(NotAsked, WhoseAddressCannotBeReadMayReachThePrimaryWithoutUsByMxOnly) {
  struct Case {
    std::string setup;
    bool from_mx;
  };
  for (const auto& c : {Case{"mailer=relay host=", true}, Case{"mailer=relay host=example.org", true},
                        Case{"mailer=relay host=[mx1.example.org]:26", false},
                        Case{"mailer=lmtp host=unix:/run/lmtp", false}, Case{"mailer=lmtp host=", false}}) {
    RcptScene scene;
    scene.play("", c.setup);
    EXPECT_EQ(unreadable(scene.envelope).from_mx, c.from_mx) << c.setup;
  }
}

// A pipe of one's own has any name, and its next hop may be any word.
TEST(NotAsked, ATransportThatLeadsToNoServerIsNeverDeferred) {
  play_rcpts({
      {"a program by a name of its own", unverified, "mailer=mypipe host=example.org verdict=misrouted",
       "continue not-asked no-host"},
      {"its name is not known, and there is a server", unverified,
       "mailer=mypipe host=example.org verdict=undeliverable",
       "550 5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: the primary mail "
       "server "
       "gave no verdict / reject_unverified_recipient"},
      {"SMTP, and nobody to ask: it would bounce", unverified, "mailer=smtp verdict=misrouted",
       "450 4.1.1 <u@example.org>: Recipient address rejected: unverified address: no primary mail server "
       "was "
       "found / reject_unverified_recipient alarm"},
      {"relay_domains says that it is relayed", unverified,
       "relay_domains=example.org mailer=mypipe verdict=misrouted",
       "450 4.1.1 <u@example.org>: Recipient address rejected: unverified address: no primary mail server "
       "was "
       "found / reject_unverified_recipient alarm"},
  });
}

TEST(NotAsked, WhatIsNoAddressIsUndecided) {
  play_rcpts({
      {"in a listed domain", unverified,
       "relay_domains=example.org mailer=smtp to=a@@b@example.org domain=example.org",
       "450 4.1.1 <a@@b@example.org>: Recipient address rejected: unverified address: the primary mail "
       "server gave no "
       "verdict / reject_unverified_recipient"},
      {"for a gateway, which has only us", unverified,
       "relay_domains=example.org mailer=smtp to=a@@b@example.org domain=example.org hop=[mx1.example.org]",
       "continue unverified"},
  });
}

TEST(NotAsked, WhomTheMtaGivesANewAddressIsAskedAboutUnderThat) {
  const auto table = [](std::string_view key, bool) -> std::optional<std::string> {
    if (key == "abuse@example.org") return "user@example.org";
    if (key == "moved@example.org") return "user@sister.example";
    if (key == "old@example.org") return "root@fallback.example.org";
    if (key == "bare@example.org") return "root";
    if (key == "away@example.org") return "user@elsewhere.example";
    if (key == "all@example.org") return "a@example.org, b@example.org";
    return std::nullopt;
  };
  const RecipientRewriting of_mta(
      {.virtual_alias = table},
      {*DomainList::parse("example.org, sister.example"), {"fallback.example.org"}});
  struct Case {
    std::string setup, verified, want;
  };
  const Case cases[] = {
      {"to=u@example.org", "u@example.org@[mx1]", "continue"},
      {"to=abuse@example.org", "user@example.org@[mx1]", "continue"},
      {"to=abuse@example.org verdict=undeliverable", "user@example.org@[mx1]",
       "550 5.1.1 <abuse@example.org>: Recipient address rejected: undeliverable address: the primary mail "
       "server "
       "gave no verdict / reject_unverified_recipient"},
      {"to=moved@example.org", "user@sister.example@", "continue"},
      {"to=moved@example.org verdict=misrouted", "user@sister.example@", "continue not-asked rewritten"},
      {"to=abuse@example.org mailer=smtp verdict=misrouted", "user@example.org@[mx1]",
       "450 4.1.1 <abuse@example.org>: Recipient address rejected: unverified address: no primary mail "
       "server was "
       "found / reject_unverified_recipient alarm"},
      {"to=old@example.org", "", "continue not-asked rewritten"},
      {"to=bare@example.org", "", "continue not-asked rewritten"},
      {"to=away@example.org", "", "continue not-asked rewritten"},
      {"to=all@example.org", "", "continue not-asked several"},
      {"to=abuse@example.org mailer=local", "", "continue"},
  };
  for (const auto& c : cases) {
    RcptScene scene;
    scene.script.of_mta = &of_mta;
    EXPECT_EQ(scene.play(unverified, "hop=[mx1] " + c.setup), c.want) << c.setup;
    EXPECT_EQ(scene.script.verified, c.verified) << c.setup;
  }
}

}  // namespace
}  // namespace fallbackmx
