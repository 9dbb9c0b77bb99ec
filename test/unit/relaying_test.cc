#include "milter/rules/relaying.h"

#include "test/unit/rcpt_scene.h"

namespace fallbackmx {
namespace {

TEST(Relaying, RejectUnauthDestinationTrustsTheMtaWhereItHasNoListOfItsOwn) {
  const std::string lists = "recipient: reject_unauth_destination";
  constexpr auto denied = "554 5.7.1 <u@example.org>: Relay access denied / reject_unauth_destination";
  play_rcpts({
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

TEST(Relaying, DeferUnauthDestinationIsTheSameLater) {
  play_rcpts({
      {"not listed", "recipient: defer_unauth_destination", "relay_domains=example.com mailer=smtp",
       "454 4.7.1 <u@example.org>: Relay access denied / defer_unauth_destination"},
      {"listed", "recipient: defer_unauth_destination", "relay_domains=example.org mailer=smtp", "continue"},
      {"a way around", "recipient: reject_unauth_destination",
       "relay_domains=example.org mailer=smtp to=a!b@example.org",
       "554 5.7.1 <a!b@example.org>: Relay access denied / reject_unauth_destination"},
  });
}

TEST(Relaying, PermitAuthDestinationPermitsWhatIsKnownToBeOurs) {
  const std::string lists = "recipient: permit_auth_destination reject";
  constexpr auto no = "554 5.7.1 <u@example.org>: Recipient address rejected: Access denied / reject";
  play_rcpts({
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

}  // namespace
}  // namespace fallbackmx
