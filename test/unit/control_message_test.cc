#include "milter/control/control_message.h"

#include <gmock/gmock.h>

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;

TEST(ControlMessage, ARequestComesThroughAsItWasMade) {
  ControlRequest request;
  request.verb = Verb::config;
  request.arguments = {{"changed", true}, {"address", "u\xc3\xbc@example.org"}, {"limit", 7}};
  const std::string line = to_line(request);
  EXPECT_EQ(line,
            R"({"fallbackmx":1,"do":"config","changed":true,"address":"u\u00fc@example.org","limit":7})");
  ControlRequest read;
  ControlReply trouble;
  ASSERT_TRUE(read_request(line, read, trouble)) << trouble.error;
  EXPECT_EQ(read.verb, Verb::config);
  EXPECT_TRUE(read.flag("changed"));
  EXPECT_EQ(read.text("address"), "u\xc3\xbc@example.org");
  EXPECT_EQ(read.number("limit", 100, 1000), 7u);
  EXPECT_EQ(read.number("limit", 100, 5), 5u);
}

TEST(ControlMessage, ArgumentsOfAnotherTypeAreNone) {
  ControlRequest request;
  ControlReply trouble;
  ASSERT_TRUE(read_request(R"({"fallbackmx":1,"do":"config","changed":"yes","address":[1],"limit":-1})",
                           request, trouble));
  EXPECT_FALSE(request.flag("changed"));
  EXPECT_EQ(request.text("address"), "");
  EXPECT_EQ(request.number("limit", 100, 1000), 100u);
  EXPECT_EQ(request.text("nothing"), "");
}

TEST(ControlMessage, WhatIsNoRequestIsToldWhy) {
  struct Case {
    const char* name;
    std::string line;
    int exit;
    const char* error;
  };
  const Case cases[] = {
      {"nothing", "", 76, "one JSON object"},
      {"HTTP", "GET / HTTP/1.1\r", 76, "one JSON object"},
      {"half of it", R"({"fallbackmx":1,"do":)", 76, "one JSON object"},
      {"no object", "[1]", 76, "one JSON object"},
      {"bytes", std::string("\0\xff\xfe{", 4), 76, "one JSON object"},
      {"very deep", std::string(60'000, '['), 76, "one JSON object"},
      {"very deep, and whole", std::string(30'000, '[') + std::string(30'000, ']'), 76, "one JSON object"},
      {"no version", R"({"do":"status"})", 76, "another one"},
      {"the next version", R"({"fallbackmx":2,"do":"status"})", 76, "speaks version 1 of this protocol"},
      {"a version in words", R"({"fallbackmx":"1","do":"status"})", 76, "another one"},
      {"no verb", R"({"fallbackmx":1})", 64, "the daemon cannot do \"\""},
      {"an unknown verb", R"({"fallbackmx":1,"do":"dance\u0007"})", 64, "the daemon cannot do \"dance"},
      {"a verb that is no text", R"({"fallbackmx":1,"do":{}})", 64, "cannot do"},
      {"what the command does itself", R"({"fallbackmx":1,"do":"help"})", 64, "cannot do \"help\""},
  };
  for (const auto& c : cases) {
    ControlRequest request;
    ControlReply trouble;
    EXPECT_FALSE(read_request(c.line, request, trouble)) << c.name;
    EXPECT_EQ(trouble.exit, c.exit) << c.name;
    EXPECT_THAT(trouble.error, HasSubstr(c.error)) << c.name;
  }
}

TEST(ControlMessage, AReplyComesThroughAsItWasMade) {
  ControlReply fine;
  fine.result = {{"serving", false}};
  fine.exit = 75;
  EXPECT_EQ(to_line(fine), R"({"fallbackmx":1,"ok":true,"result":{"serving":false},"exit":75})");
  const auto read = read_reply(to_line(fine));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->ok());
  EXPECT_EQ(read->result, fine.result);
  EXPECT_EQ(read->exit, 75);
  const auto error = read_reply(to_line(control_error(64, "no such thing")));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error, "no such thing");
  EXPECT_EQ(error->exit, 64);
}

TEST(ControlMessage, WhatIsNoReplyIsNotBelieved) {
  for (const char* line : {"", "220 mx1 ESMTP", R"({"ok":true})", R"({"fallbackmx":2,"ok":true,"result":1})"})
    EXPECT_FALSE(read_reply(line)) << line;
  const auto odd = read_reply(R"({"fallbackmx":1,"ok":false,"exit":9999})");
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->ok());
  EXPECT_NE(odd->exit, 0);
  EXPECT_LE(odd->exit, 127);
}

TEST(ControlMessage, BytesThatAreNoUtf8BreakNoLine) {
  ControlReply reply;
  reply.result = {{"words", "\xff\n\x1b[2J"}};
  EXPECT_EQ(to_line(reply), R"({"fallbackmx":1,"ok":true,"result":{"words":"\ufffd\n\u001b[2J"}})");
}

}  // namespace
}  // namespace fallbackmx
