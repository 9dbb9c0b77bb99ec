#include "probe/store/verify_text.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

const WallTime then{1'800'000'000s};

TEST(VerifyText, IsOneLineThatReadsBackTheSame) {
  const struct {
    VerifyLine line;
    const char* text;
  } table[] = {
      {{"u@example.org", {Verdict::deliverable, 250, "2.1.5", "Ok", then, then - 5s}},
       "u@example.org\tyes\t250\t2.1.5\t1800000000\t1799999995\tOk"},
      {{"no@example.org", {Verdict::undeliverable, 550, "", "no such user, sorry", then, {}, true}},
       "no@example.org\tno\t550\t-\t1800000000\t0\tno such user, sorry"},
      {{"\"a b\"@example.org", {Verdict::deliverable, 0, "", "", then, then}},
       "\"a b\"@example.org\tyes\t0\t-\t1800000000\t1800000000\t"},
  };
  for (const auto& [line, text] : table) {
    EXPECT_EQ(to_text(line), text);
    EXPECT_EQ(parse_verify_line(text), line) << text;
  }
}

TEST(VerifyText, BelievesNoOtherLine) {
  for (const std::string text :
       {"", "u@example.org", "u@example.org\tyes\t250\t2.1.5\t1800000000\t1799999995",
        "u@example.org\tyes\t250\t2.1.5\t1800000000\t1799999995\tOk\tmore",
        "u@example.org\tmaybe\t250\t2.1.5\t1800000000\t1799999995\tOk",
        "u@example.org\tyes\t550\t2.1.5\t1800000000\t1799999995\tOk",
        "u@example.org\tno\t250\t2.1.5\t1800000000\t1799999995\tOk",
        "u@example.org\tyes\t999\t2.1.5\t1800000000\t1799999995\tOk",
        "u@example.org\tyes\t-1\t2.1.5\t1800000000\t1799999995\tOk",
        "u@example.org\tyes\t250\t2.1.5\t99999999999\t0\tOk", "u@example.org\tyes\t250\t2.1.5\t1x\t0\tOk",
        "u@example.org\tyes\t250\t2.1.5\t\t0\tOk", "U@EXAMPLE.ORG\tyes\t250\t2.1.5\t1\t1\tOk",
        "u\r\nRSET@example.org\tyes\t250\t2.1.5\t1\t1\tOk", "\tyes\t250\t2.1.5\t1\t1\tOk"})
    EXPECT_FALSE(parse_verify_line(text)) << text;
  EXPECT_FALSE(parse_verify_line("u@example.org\tyes\t250\t2.1.5\t1\t1\t" + std::string(5000, 'x')));
  EXPECT_EQ(parse_verify_line("u@example.org\tyes\t250\t2.1.5\t1\t1\ta\x01\r\n")->record.words, "a???");
}

}  // namespace
}  // namespace fallbackmx
