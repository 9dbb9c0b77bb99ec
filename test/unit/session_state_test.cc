#include "milter/session/session_state.h"

#include <gtest/gtest.h>

#include <set>

namespace fallbackmx {
namespace {

TEST(SessionState, IdsAreShortHexadecimalAndDifferent) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(next_session_id());
  EXPECT_EQ(ids.size(), 1000u);
  for (const auto& id : ids) {
    EXPECT_EQ(id.size(), 6u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
  }
}

TEST(SessionState, AHeloNameIsKeptAsPostfixKeepsIt) {
  EXPECT_EQ(helo_name("mail.example.net"), "mail.example.net");
  EXPECT_EQ(helo_name("a b <c>@(d);\"e\"\\f"), "a?b??c???d???e??f");
  EXPECT_EQ(helo_name("a\x01\x7f"), "a??");
  EXPECT_EQ(helo_name("\xc3\xa9.example"), "\xc3\xa9.example");
}

TEST(SessionState, EnvelopesShowAddressesAsTheClientGaveThem) {
  struct Case {
    std::string_view argument, shown, mailbox;
  };
  const Case cases[] = {
      {"<User@Example.ORG>", "User@Example.ORG", "User@example.org"},
      {"User@Example.ORG", "User@Example.ORG", "User@example.org"},
      {"<@relay.example:user@example.org>", "user@example.org", "user@example.org"},
      {"<postmaster>", "postmaster", "postmaster"},
      {"<\"a b\"@example.org>", "a b@example.org", "\"a b\"@example.org"},
      {"<a@b@@c>", "a@b@@c", ""},
      {"", "", ""},
      {"<", "<", ""},
  };
  for (const auto& c : cases) {
    const Envelope envelope = envelope_of(SessionState("1"), c.argument, {"relay", "[mx1.example.org]", ""});
    EXPECT_EQ(envelope.recipient_given, c.shown) << c.argument;
    EXPECT_EQ(envelope.recipient.null() ? "" : envelope.recipient.mailbox(), c.mailbox) << c.argument;
    EXPECT_EQ(envelope.mailer, "relay");
    EXPECT_EQ(envelope.next_hop, "[mx1.example.org]");
  }
}

// What a Postfix 3.7 and a Sendmail 8.17 say in {rcpt_addr}, each as it was seen.
TEST(SessionState, WhatTheMtaMadeOfTheAddressIsAskedAbout) {
  struct Case {
    const char *name, *typed, *resolved, *want;
  };
  const Case cases[] = {
      {"the case of the local part is the client's", "<User@Example.ORG>", "user@example.org",
       "User@example.org"},
      {"Sendmail folds nothing", "<USER@EXAMPLE.ORG>", "USER@EXAMPLE.ORG", "USER@example.org"},
      {"Postfix drops quotes that need not be", R"(<"User"@example.org>)", "user@example.org",
       R"("User"@example.org)"},
      {"Postfix adds quotes", "<us.er.@example.org>", R"("us.er."@example.org)", "us.er.@example.org"},
      {"a quoted pair", R"(<"a\b"@example.org>)", "ab@example.org", R"("a\b"@example.org)"},
      {"a subaddress", "<User+Tag@example.org>", "user+tag@example.org", "User+Tag@example.org"},
      {"SRS", "<SRS0=HHH=TT=example.com=u@example.org>", "srs0=hhh=tt=example.com=u@example.org",
       "SRS0=HHH=TT=example.com=u@example.org"},
      {"BATV", "<prvs=0123456789=u@example.org>", "prvs=0123456789=u@example.org",
       "prvs=0123456789=u@example.org"},
      {"Postfix folds letters beyond ASCII", "<J\xc3\x9cRGEN@example.org>", "j\xc3\xbcrgen@example.org",
       "J\xc3\x9cRGEN@example.org"},
      {"a domain in UTF-8",
       "<u@B\xc3\xbc"
       "cher.example>",
       "u@b\xc3\xbc"
       "cher.example",
       "u@xn--bcher-kva.example"},
      {"a source route", "<@relay.example,@b.example:User@example.org>", "user@example.org",
       "User@example.org"},
      {"% without a domain", "<user%example.org>", "user@example.org", "user@example.org"},
      {"% before a domain of ours", "<User%Example.org@fallback.example>", "User@Example.org",
       "User@example.org"},
      {"% before a literal of ours", "<user%example.org@[192.0.2.20]>", "user@example.org",
       "user@example.org"},
      {"a bang path", "<example.org!user>", "user@example.org", "user@example.org"},
      {"a bang path before a domain of ours", "<example.org!user@fallback.example>", "user@example.org",
       "user@example.org"},
      {"an alias to another domain", "<info@example.org>", "user@mailboxes.example",
       "user@mailboxes.example"},
      {"an alias in the same domain", "<info@example.org>", "user@example.org", "user@example.org"},
      {"a comment", "<user@example.org (comment)>", "user@example.org", "user@example.org"},
      {"a blank", "<user @example.org>", "user@example.org", "user@example.org"},
      {"a bare postmaster, Postfix", "<PostMaster>", "postmaster@fallback.example", "PostMaster"},
      {"a bare postmaster, Sendmail", "<postmaster>", "postmaster", "postmaster"},
      {"a bare user, Postfix", "<user>", "user@fallback.example", "user@fallback.example"},
      {"an MTA that says nothing", "<user%example.org>", "", "user%example.org"},
      {"an MTA that says something else", "<user@example.org>", "5.1.1 User unknown", "user@example.org"},
  };
  for (const auto& c : cases) {
    const Address address = recipient_meant(c.typed, c.resolved);
    EXPECT_EQ(address.mailbox(), c.want) << c.name;
  }
}

TEST(SessionState, AMessageBeginsWithNothingOfTheOneBefore) {
  SessionState session("1");
  begin_message(session, "<s@example.net>");
  session.message.queue_id = "FIRST";
  session.message.sender_mailer = "local";
  session.message.unverified = 2;
  session.client.helo = "mail.example.net";
  begin_message(session, "<>");
  EXPECT_TRUE(session.message.sender.null());
  EXPECT_EQ(session.message.sender_given, "");
  EXPECT_EQ(session.message.queue_id, "");
  EXPECT_EQ(session.message.sender_mailer, "");
  EXPECT_EQ(session.message.unverified, 0u);
  EXPECT_EQ(session.client.helo, "mail.example.net");
}

TEST(SessionState, AClientWithoutAValidatedNameIsUnknown) {
  EXPECT_EQ(client_name("mail.example.net"), "mail.example.net");
  EXPECT_EQ(client_name("unknown"), "unknown");
  EXPECT_EQ(client_name("[192.0.2.1]"), "unknown");
  EXPECT_EQ(client_name(""), "unknown");
}

TEST(SessionState, AProgramThatTalksToSendmailThroughAPipeComesFromThisMachine) {
  const IpAddress here = boost::asio::ip::make_address("127.0.0.1");
  const IpAddress there = boost::asio::ip::make_address("192.0.2.1");
  EXPECT_EQ(client_address("localhost", std::nullopt), here);
  EXPECT_EQ(client_address("localhost", there), there);
  EXPECT_EQ(client_address("unknown", std::nullopt), std::nullopt);
  EXPECT_EQ(client_address("mail.example.net", std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace fallbackmx
