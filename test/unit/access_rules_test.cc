#include "milter/rules/access_rules.h"

#include "test/unit/rcpt_scene.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

TEST(AccessRules, WhatTablesSay) {
  const TemporaryFile file(
      "example.net REJECT\n<> 550 5.1.7 no bounces\nexample.org DEFER busy\n192.0.2.9 OK\n"
      "helo.example reject_unknown_sender_domain, reject\n"
      "u@example.com DEFER_IF_PERMIT\nwarned.example WARN look\n");
  const std::string table = " texthash:" + file.path() + " ", sender = "sender: check_sender_access" + table,
                    recipient = "recipient: check_recipient_access" + table,
                    client = "client: check_client_access" + table, helo = "helo: check_helo_access" + table;
  play_rcpts({
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

TEST(AccessRules, AnOkForARoutedRecipientIsNotBelieved) {
  const TemporaryFile file("example.org OK\n");
  const std::string lists = "recipient: check_recipient_access texthash:" + file.path() + " reject";
  play_rcpts({
      {"plain", lists, "", "continue"},
      {"routed", lists, "to=u%example.net@example.org",
       "554 5.7.1 <u%example.net@example.org>: Recipient address rejected: Access denied / reject"},
  });
}

}  // namespace
}  // namespace fallbackmx
