// What rejections speak of: real replies of real servers, and those that look like them.
#include "probe/smtp/rejection.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace fallbackmx {
namespace {

using enum RejectionSubject;

struct Row {
  std::string name, reply;
  RejectionSubject want;
  std::string recipient = "nobody@example.org";
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

SmtpReply parsed(const std::string& lines) {
  ReplyParser parser;
  parser.feed(lines + "\r\n");
  return *parser.next();
}

// clang-format off
const std::vector<Row> rows = {
    {"Postfix", "550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown in virtual mailbox table", address},
    {"Postfix as a gateway", "550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown in relay recipient table", address},
    {"Postfix that verifies", "550 5.1.1 <nobody@example.org>: Recipient address rejected: undeliverable address: unknown user: \"nobody\"", address},
    {"Postfix without codes", "550 <nobody@example.org>: Recipient address rejected: User unknown", address},
    {"Exim", "550 Unrouteable address", address},
    {"Exim, redirect router", "550 unknown user", address},
    {"Exim under cPanel", "550 No Such User Here", address},
    {"Exim, several lines", "550-Verification failed for <nobody@example.org>\r\n550-Unrouteable address\r\n550 sorry", address},
    {"qmail", "550 sorry, no mailbox here by that name. (#5.1.1)", address},
    {"qmail with chkuser", "511 sorry, no mailbox here by that name (#5.1.1 - chkuser)", address},
    {"Sendmail", "550 5.1.1 <nobody@example.org>... User unknown", address},
    {"Courier", "550 User <nobody@example.org> unknown", address},
    {"Courier, plain", "550 User unknown.", address},
    {"Zimbra", "550 5.1.1 <nobody@example.org>: Recipient address rejected: example.org", address},
    {"Exchange", "550 5.1.1 User unknown", address},
    {"Exchange 2013", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient nobody@example.org not found by SMTP address lookup", address},
    {"Exchange 2003", "550 Requested action not taken: mailbox unavailable", address},
    {"Microsoft 365", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM0EUR02FT012.eop-EUR02.prod.protection.outlook.com]", address},
    {"Google", "550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n550-5.1.1 double-checking the recipient's email address for typos or\r\n550-5.1.1 unnecessary spaces. For more information, go to\r\n550 5.1.1  https://support.google.com/mail/?p=NoSuchUser a640c23a62f3a-b0731 - gsmtp", address},
    {"Google, disabled", "550-5.2.1 The email account that you tried to reach is inactive. For more\r\n550-5.2.1 information, go to\r\n550 5.2.1  https://support.google.com/mail/?p=DisabledUser - gsmtp", us},
    {"Yahoo", "554 delivery error: dd This user doesn't have a yahoo.com account (nobody@example.org) [0] - mta4090.mail.bf1.yahoo.com", address},
    {"Haraka with qmail-deliverable", "550 5.1.1 no mailbox here by that name", address},
    {"OpenSMTPD", "550 Invalid recipient: <nobody@example.org>", address},
    {"Stalwart", "550 5.1.2 Mailbox does not exist.", address},
    {"Stalwart, another domain", "550 5.1.2 Relay not allowed.", us},
    {"chasquid", "550 5.1.1 Destination address is unknown (user does not exist)", address},
    {"Dovecot", "550 5.1.1 <nobody@example.org> User doesn't exist: nobody@example.org", address},
    {"hMailServer", "550 Unknown user", address},
    {"MDaemon", "550 <nobody@example.org>, Recipient unknown", address},
    {"Domino", "550 nobody@example.org... No such user", address},
    {"IronPort", "550 #5.1.0 Address rejected.", address},
    {"5.0.0 is no code", "550 5.0.0 User unknown", address},
    {"Exim's block list", "550-sender IP address 192.0.2.250 is locally blacklisted here. If you think\r\n550-this is wrong, get in touch with postmaster\r\n550 Administrative prohibition", us},
    {"a DNS list in Exim's example", "550 rejected because 192.0.2.250 is in a black list at bl.example.com", us},
    {"Postfix's block list", "554 5.7.1 Service unavailable; Client host [192.0.2.250] blocked using bl.example.com; listed", us},
    {"BATV", "550 missing BATV signature", us},
    {"BATV in other words", "550 5.7.1 this address sends no unsigned return path: not a bounce of ours", us},
    {"relaying", "554 5.7.1 <nobody@example.org>: Relay access denied", us},
    {"qmail's rcpthosts", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", us},
    {"a reverse name", "550 5.1.1 cannot find your reverse hostname", us},
    {"a 5.1.1 about us", "550 5.1.1 <nobody@example.org> user unknown, and your host fallback.example.net is not welcome", us},
    {"a 5.1.1 with our address", "550 5.1.1 no such user for 2001:db8::250", us},
    {"a 5.1.1 with a page", "550 5.1.1 no such user, see https://example.org/why", us},
    {"GMX", "550-Requested action not taken: mailbox unavailable\r\n550 For explanation visit https://postmaster.gmx.net/en/error-messages?ip=192.0.2.250", us},
    {"the words of others", "550 5.7.1 user unknown", us},
    {"no words", "550", us},
    {"words nobody knows", "550 go away", us},
    {"5.4.1 with other words", "550 5.4.1 Access denied by our rules", us},
    {"the domain of the sender", "550 5.1.8 <probe@fallback.example.net>: Sender address rejected: Domain not found", sender},
    {"the sender", "550 5.1.7 bad sender", sender},
    {"too many", "550 5.7.1 Too many unknown recipients from 192.0.2.250, try tomorrow", rate},
    {"a rate, with the right code", "550 5.1.1 user unknown, rate limit reached", rate},
    {"no rate", "550 5.1.1 user unknown in the corporate directory", address},
    {"our pattern", "550 ez a postafiok nem letezik", address},
    {"our pattern beside another code", "550 5.7.1 ez a postafiok nem letezik", us},
    {"the address says the words", "550 rejected: <user-unknown@example.org>", us, "user-unknown@example.org"},
    {"the local part says the words", "550 we do not like unrouteable address", us, "\"unrouteable address\"@example.org"},
    {"the address speaks of us", "550 5.1.1 <spam-policy@example.org>: Recipient address rejected: User unknown", address, "spam-policy@example.org"},
    {"the address in another case", "550 5.1.1 unknown user: \"SPAM@example.org\"", address, "Spam@example.org"},
};
// clang-format on

class RejectionTable : public testing::TestWithParam<Row> {};

TEST_P(RejectionTable, SaysWhatTheReplySpeaksOf) {
  const Row& row = GetParam();
  const std::vector<std::string> patterns = {"Postafiok nem letezik"};
  const auto subject = subject_of_rejection(
      parsed(row.reply), *Address::parse(row.recipient),
      {.our_name = "fallback.example.net", .our_helo_name = "fallback.example.net", .patterns = patterns});
  EXPECT_EQ(to_string(subject), to_string(row.want));
}

INSTANTIATE_TEST_SUITE_P(Rows, RejectionTable, testing::ValuesIn(rows));

}  // namespace
}  // namespace fallbackmx
