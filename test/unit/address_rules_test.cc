#include "milter/rules/address_rules.h"

#include "test/unit/rcpt_scene.h"

namespace fallbackmx {
namespace {

const std::string sender_domain = "sender: reject_unknown_sender_domain";
const std::string recipient_domain = "recipient: reject_unknown_recipient_domain";

TEST(AddressRules, UnknownSenderDomain) {
  play_rcpts({
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

TEST(AddressRules, UnknownRecipientDomain) {
  constexpr auto recipient_deferred =
      "450 4.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
      "reject_unknown_recipient_domain";
  play_rcpts({
      {"known", recipient_domain, "", "continue"},
      {"not there", recipient_domain, "dns:example.org=---",
       "550 5.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
       "reject_unknown_recipient_domain"},
      {"relay_domains is not exempt", recipient_domain, "dns:example.org=--- relay_domains=example.org",
       "550 5.1.2 <u@example.org>: Recipient address rejected: Domain not found / "
       "reject_unknown_recipient_domain"},
      {"no answer about a domain that the MTA relays", recipient_domain, "dns:example.org=-t-", "continue"},
      {"whatever its transport is called", recipient_domain, "dns:example.org=ttt mailer=smtp", "continue"},
      {"no answer about one in relay_domains", recipient_domain,
       "dns:example.org=ttt relay_domains=example.org", "continue"},
      {"deferring at once makes no difference to that", recipient_domain,
       "dns:example.org=ttt address-tempfail=defer", "continue"},
      {"no answer about one that is not in relay_domains", recipient_domain,
       "dns:example.org=-t- relay_domains=example.com", recipient_deferred},
      {"no answer, and the MTA does not say what it does", recipient_domain,
       "dns:example.org=t-- mailer=", recipient_deferred},
      {"no answer about where our own user writes to", recipient_domain,
       "dns:example.org=t-- mailer=smtp client=192.0.2.9", recipient_deferred},
      {"no answer about a domain that we relay, from our own user", recipient_domain,
       "dns:example.org=t-- client=192.0.2.9 relay_domains=example.org", "continue"},
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

TEST(AddressRules, AddressesHaveAFullDomain) {
  const std::string sender = "sender: reject_non_fqdn_sender",
                    recipient = "recipient: reject_non_fqdn_recipient";
  play_rcpts({
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

}  // namespace
}  // namespace fallbackmx
