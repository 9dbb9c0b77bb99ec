#include "probe/mail/smtp_reply.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::string_literals;

/// What a stream of bytes comes to, in one line: `250(5.1.1)[a|b]! ... broken`.
std::string describe(ReplyParser& parser) {
  std::string all;
  while (auto reply = parser.next()) {
    all += std::to_string(reply->code);
    if (!reply->dsn.empty()) all += "(" + reply->dsn + ")";
    all += "[";
    for (std::size_t i = 0; i < reply->lines.size(); ++i) all += (i ? "|" : "") + reply->lines[i];
    all += "]";
    if (reply->contradictory) all += "!";
    all += " ";
  }
  if (parser.broken()) all += "broken ";
  if (!parser.empty()) all += "more ";
  if (!all.empty()) all.pop_back();
  return all;
}

struct Case {
  const char* name;
  std::string in;
  std::string want;
};

const std::vector<Case> cases = {
    {"one line", "250 ok\r\n", "250[ok]"},
    {"with enhanced code", "550 5.1.1 no such user\r\n", "550(5.1.1)[5.1.1 no such user]"},
    {"several lines", "250-mx1\r\n250-PIPELINING\r\n250 SIZE 1000\r\n", "250[mx1|PIPELINING|SIZE 1000]"},
    {"two replies", "250 a\r\n550 b\r\n", "250[a] 550[b]"},
    {"LF only", "250-a\n250 b\n", "250[a|b]"},
    {"a lone CR is a byte of the text", "250 a\rb\r\n", "250[a\rb]"},
    {"only one CR belongs to the end of the line", "250 a\r\r\n", "250[a\r]"},
    {"code without text", "250\r\n", "250[]"},
    {"code and a blank", "250 \r\n", "250[]"},
    {"code and a hyphen", "250-\r\n250\r\n", "250[|]"},
    {"four digits", "2500\r\n", "broken"},
    {"two digits", "25 ok\r\n", "broken"},
    {"no such class", "650 ok\r\n", "broken"},
    {"class zero", "050 ok\r\n", "broken"},
    {"a tab after the code", "250\tok\r\n", "broken"},
    {"empty line", "\r\n", "broken"},
    {"rubbish", "SSH-2.0-OpenSSH_9.2\r\n", "broken"},
    {"what came before the rubbish stands", "250 a\r\nrubbish\r\n250 b\r\n", "250[a] broken"},
    {"rubbish inside a reply spoils the reply", "250-a\r\nrubbish\r\n250 b\r\n", "broken"},
    {"codes that disagree", "250-a\r\n550 b\r\n", "250[a|b]!"},
    {"codes that disagree in the middle", "250-a\r\n550-b\r\n250 c\r\n", "250[a|b|c]!"},
    {"enhanced code of another class", "550 2.1.1 x\r\n", "550[2.1.1 x]"},
    {"enhanced code of a class that does not exist", "350 3.1.1 x\r\n", "350[3.1.1 x]"},
    {"enhanced code with too many digits", "550 5.1234.1 x\r\n", "550[5.1234.1 x]"},
    {"enhanced code of three digits", "550 5.100.123 x\r\n", "550(5.100.123)[5.100.123 x]"},
    {"enhanced code that runs on", "550 5.1.1x\r\n", "550[5.1.1x]"},
    {"enhanced code alone", "550 5.1.1\r\n", "550(5.1.1)[5.1.1]"},
    {"half an enhanced code", "550 5.1.\r\n", "550[5.1.]"},
    {"enhanced code of a later line does not count", "550-x\r\n550 5.1.1 y\r\n", "550[x|5.1.1 y]"},
    {"NUL", "250 a\0b\r\n"s, "250[a\0b]"s},
    {"NUL in the code", "2\0000 a\r\n"s, "broken"},
    {"8-bit text", "550 gel\xf6scht\r\n", "550[gel\xf6scht]"},
    {"unfinished line", "250 a", "more"},
    {"unfinished reply", "250-a\r\n", "more"},
    {"unfinished end of line", "250 a\r", "more"},
    {"a reply and a part of the next", "250 a\r\n5", "250[a] more"},
    {"line of exactly the limit", "250 " + std::string(996, 'x') + "\r\n",
     "250[" + std::string(996, 'x') + "]"},
    {"line beyond the limit", "250 " + std::string(5000, 'x') + "\r\n250 y\r\n",
     "250[" + std::string(996, 'x') + "] 250[y]"},
};

TEST(ReplyParser, GivesTheSameAtEveryFragmentSize) {
  for (const auto& c : cases) {
    for (std::size_t size = 1; size <= c.in.size(); ++size) {
      ReplyParser parser;
      for (std::size_t at = 0; at < c.in.size(); at += size)
        parser.feed(std::string_view(c.in).substr(at, size));
      ASSERT_EQ(describe(parser), c.want) << c.name << ", " << size << " bytes at a time";
    }
  }
}

TEST(ReplyParser, SaysWhatTheRubbishWas) {
  ReplyParser parser;
  parser.feed("\x1b[31m" + std::string(500, 'x') + "\r\n");
  ASSERT_TRUE(parser.broken());
  EXPECT_EQ(parser.broken()->find('\x1b'), std::string::npos);
  EXPECT_NE(parser.broken()->find("?[31mxxx"), std::string::npos);
  EXPECT_LT(parser.broken()->size(), 150u);
}

TEST(ReplyParser, KeepsAHundredLinesOfTenThousand) {
  ReplyParser parser;
  for (int i = 0; i < 10000; ++i) parser.feed("250-" + std::string(90, 'x') + "\r\n");
  EXPECT_FALSE(parser.next());
  parser.feed("250 end\r\n550 next\r\n");
  const auto reply = parser.next();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->lines.size(), 100u);
  EXPECT_EQ(parser.next()->code, 550);
}

TEST(ReplyParser, NoticesADisagreementAfterTheLastLineItKeeps) {
  ReplyParser parser;
  for (int i = 0; i < 200; ++i) parser.feed("250-x\r\n");
  parser.feed("550 no\r\n");
  EXPECT_TRUE(parser.next()->contradictory);
}

TEST(ReplyParser, BreaksOverRepliesThatNobodyAskedFor) {
  ReplyParser parser;
  for (int i = 0; i < 5000; ++i) parser.feed("250 ok\r\n");
  EXPECT_TRUE(parser.broken());
  int kept = 0;
  while (parser.next()) ++kept;
  EXPECT_LE(kept, 1001);
}

TEST(ReplyParser, ForgetsPlaintextAfterStarttls) {
  ReplyParser parser;
  parser.feed("220 go ahead\r\n250-injected\r\n250");
  EXPECT_EQ(parser.next()->code, 220);
  EXPECT_FALSE(parser.empty());
  parser.clear();
  EXPECT_TRUE(parser.empty());
  parser.feed("250 real\r\n");
  EXPECT_EQ(parser.next()->lines.front(), "real");
}

TEST(SmtpReply, TextJoinsLinesWithoutEnhancedCodes) {
  const std::vector<Case> texts = {
      {"one line", "550 5.1.1 no such user\r\n", "no such user"},
      {"several", "550-5.1.1 The account\r\n550-5.1.1 does not\r\n550 5.1.1 exist\r\n",
       "The account does not exist"},
      {"nothing but the code", "550 5.1.1\r\n", ""},
      {"nothing", "550\r\n", ""},
      {"empty lines leave no gaps", "550-a\r\n550-\r\n550 b\r\n", "a b"},
      {"a code of another class is text", "550 4.1.1 a\r\n", "4.1.1 a"},
  };
  for (const auto& c : texts) {
    ReplyParser parser;
    parser.feed(c.in);
    EXPECT_EQ(parser.next()->text(), c.want) << c.name;
  }
}

TEST(Printable, LetsNothingThroughButPrintableAscii) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const auto shown = printable(all);
  ASSERT_EQ(shown.size(), 256u);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    EXPECT_EQ(shown[i], i >= 0x20 && i <= 0x7e ? static_cast<char>(i) : '?') << i;
  }
}

TEST(Printable, CutsAtTheLimitAndSaysSo) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abc...");
  EXPECT_EQ(printable("abcdefg", 2), "ab");
  EXPECT_EQ(printable("abcdefg", 0), "");
  EXPECT_EQ(printable(std::string(2000, 'x')).size(), 500u);
}

}  // namespace
}  // namespace fallbackmx
