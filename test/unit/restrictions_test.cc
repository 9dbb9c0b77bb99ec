#include "milter/rules/restrictions.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "conf/config.h"
#include "test/unit/rcpt_scene.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

const std::string sender_domain = "sender: reject_unknown_sender_domain";
const std::string recipient_domain = "recipient: reject_unknown_recipient_domain";
const std::string unverified = "recipient: reject_unverified_recipient";
const std::string usual =
    "sender: permit_mynetworks permit_sasl_authenticated reject_unknown_sender_domain "
    "reject_unknown_helo_hostname; "
    "recipient: permit_mynetworks permit_sasl_authenticated reject_unknown_recipient_domain "
    "reject_unverified_recipient";

TEST(Restrictions, EmptyListsLetEverythingPass) {
  play_rcpts({{"nothing", "", "helo=nowhere.invalid from=s@nowhere.invalid", "continue"}});
}

TEST(Restrictions, SimpleOnesSayWhatPostfixSays) {
  play_rcpts({
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

TEST(Restrictions, PhasesInPostfixsOrder) {
  const std::string all = "client: reject; helo: reject; sender: reject; relay: reject; recipient: reject";
  constexpr auto recipient = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play_rcpts({
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

TEST(Restrictions, PermitEndsItsOwnListOnly) {
  play_rcpts({
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
  play_rcpts({
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
  play_rcpts({
      {"a stranger", lists, "", denied},
      {"a neighbour", lists, "client=192.0.2.9", "continue"},
      {"a neighbour by IPv6", lists, "client=2001:db8::9", "continue"},
      {"a neighbour in disguise", lists, "client=::ffff:192.0.2.9", "continue"},
      {"a stranger by IPv6", lists, "client=2001:db9::9", denied},
      {"nobody knows who", lists, "no-client", denied},
      {"authenticated", lists, "auth", "continue"},
  });
}

TEST(Restrictions, DeferIfPermitAndDeferIfReject) {
  constexpr auto permit_requested =
      "450 4.7.0 <u@example.org>: Recipient address rejected: defer_if_permit requested / defer_if_permit";
  constexpr auto reject_requested =
      "450 4.7.0 <u@example.org>: Recipient address rejected: defer_if_reject requested / defer_if_reject";
  constexpr auto denied = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play_rcpts({
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

TEST(Restrictions, DeferIfPermitWaitsForTheEndAndKeepsItsFirstCause) {
  constexpr auto sender_deferred =
      "450 4.1.8 <s@example.net>: Sender address rejected: Domain not found / reject_unknown_sender_domain";
  constexpr auto recipient_deferred =
      "450 4.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
      "reject_unknown_recipient_domain";
  const std::string no_dns = "dns:example.net=ttt dns:example.org=ttt dns:mail.example.net=ttt ";
  play_rcpts({
      {"first cause of two", sender_domain + ";" + recipient_domain, no_dns, sender_deferred},
      {"first cause within a list", "recipient: reject_unknown_recipient_domain reject_unknown_sender_domain",
       no_dns + "relay_domains=example.com", recipient_deferred},
      {"a recipient domain that we relay is no cause",
       "recipient: reject_unknown_recipient_domain reject_unknown_sender_domain", no_dns, sender_deferred},
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

TEST(Restrictions, WarnIfRejectIsForOneRestriction) {
  const TemporaryFile file("example.net reject_unknown_sender_domain, reject\n");
  constexpr auto said = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play_rcpts({
      {"a reject", "recipient: warn_if_reject reject", "", std::string("continue warned: ") + said},
      {"a deferral", "recipient: warn_if_reject defer", "",
       "continue warned: 450 4.3.2 <u@example.org>: Recipient address rejected: Try again later / defer"},
      {"only the next one", "recipient: warn_if_reject reject reject", "",
       std::string(said) + " warned: " + said},
      {"also when that says nothing", "recipient: warn_if_reject permit_mynetworks reject", "", said},
      {"a test that could not be made is warned of, not remembered",
       "recipient: warn_if_reject reject_unknown_recipient_domain",
       "dns:example.org=ttt relay_domains=example.com",
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

TEST(Restrictions, UnverifiedRecipient) {
  play_rcpts({
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

TEST(Restrictions, OneRecipientIsVerifiedOnceHoweverOftenItIsAskedFor) {
  RcptScene scene;
  scene.play("sender: reject_unverified_recipient;" + unverified, "");
  EXPECT_EQ(scene.script.verified, "u@example.org@example.org");
}

TEST(Restrictions, APolicyForTheDomainDecidesWhetherAndHowItIsVerified) {
  const TemporaryFile table(
      "quiet.example verify=no\nown.example unverified_recipient_reject_reason={Ask us by telephone} "
      "next_hop=[other] answer_timeout=3s\n");
  const TemporaryFile conf("recipient_policy_maps = texthash:" + table.path() + "\n");
  const auto config = read_config({conf.path(), {}, {}});
  ASSERT_TRUE(config.settings) << config.errors[0];
  for (const auto& [setup, want, verified] :
       {std::array{"to=u@quiet.example", "continue not-asked policy", ""},
        std::array{"to=u@own.example",
                   "550 5.1.1 <u@own.example>: Recipient address rejected: undeliverable address: Ask us by "
                   "telephone / reject_unverified_recipient",
                   "u@own.example@[other] patience=3"},
        std::array{
            "to=u@example.org",
            "550 5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: the primary "
            "mail server gave no verdict / reject_unverified_recipient",
            "u@example.org@example.org"}}) {
    RcptScene scene;
    scene.settings.recipient_policy_maps = config.settings->recipient_policy_maps;
    EXPECT_EQ(scene.play(unverified, std::string(setup) + " verdict=undeliverable"), want);
    EXPECT_EQ(scene.script.verified, verified);
  }
}

TEST(Restrictions, TheDefaultListsAskInPostfixsOrder) {
  RcptScene scene;
  EXPECT_EQ(scene.play(usual, "host=[mx1.example.org]"), "continue");
  EXPECT_EQ(scene.script.asked, "example.net/MX mail.example.net/A example.org/MX");
  EXPECT_EQ(scene.script.verified, "u@example.org@[mx1.example.org]");
}

TEST(Restrictions, TheDefaultListsAskNoQuestionAboutFriends) {
  for (const std::string friendly : {"client=192.0.2.9", "auth"}) {
    RcptScene scene;
    EXPECT_EQ(scene.play(usual, friendly), "continue");
    EXPECT_EQ(scene.script.asked, "");
    EXPECT_EQ(scene.script.verified, "");
  }
}

}  // namespace
}  // namespace fallbackmx
