#include "conf/grammar/lexer.h"

#include <gtest/gtest.h>

#include "test/unit/numbered.h"

namespace fallbackmx {
namespace {

std::vector<std::string> shown(const Lexed& lexed) {
  return numbered(lexed.entries, [](const auto& entry) { return entry.name + "=" + entry.value; });
}

std::vector<std::string> shown_errors(const Lexed& lexed) {
  return numbered(lexed.errors, [](const auto& error) { return error.text; });
}

TEST(Lexer, ReadsWhatPostfixReads) {
  struct {
    const char* name;
    std::string in;
    std::vector<std::string> want;
  } const cases[] = {
      {"nothing", "", {}},
      {"a line", "a = b\n", {"1 a=b"}},
      {"no newline at the end", "a = b", {"1 a=b"}},
      {"no blanks around =", "a=b\n", {"1 a=b"}},
      {"many blanks and tabs", "a \t = \t b c \t\n", {"1 a=b c"}},
      {"an empty value", "a =\n", {"1 a="}},
      {"a value with = in it", "a = b = c\n", {"1 a=b = c"}},
      {"# inside a value is part of it", "a = b # c\n", {"1 a=b # c"}},
      {"comments and blank lines", "# x\n\n  \t\n  # y\na = b\n", {"5 a=b"}},
      {"a continuation", "a = b,\n    c\nd = e\n", {"1 a=b,    c", "3 d=e"}},
      {"a continuation with a tab", "a =\n\tb\n", {"1 a=b"}},
      {"a comment inside a continuation", "a = b\n# x\n  c\n", {"1 a=b  c"}},
      {"an indented comment inside a continuation", "a = b\n  # x\n  c\n", {"1 a=b  c"}},
      {"a blank line inside a continuation", "a = b\n\n   \n  c\n", {"1 a=b  c"}},
      {"a continuation with = in it", "a = b\n  c = d\n", {"1 a=b  c = d"}},
      {"lines from Windows", "a = b\r\n  c\r\n\r\nd = e\r\n", {"1 a=b  c", "4 d=e"}},
      {"a byte order mark",
       "\xef\xbb\xbf"
       "a = b\n",
       {"1 a=b"}},
      {"a byte order mark before a comment", "\xef\xbb\xbf# x\na = b\n", {"2 a=b"}},
      {"UTF-8 in a value",
       "a = b\xc3\xbc"
       "cher\n",
       {"1 a=b\xc3\xbc"
        "cher"}},
      {"the same name twice is for others to judge", "a = b\na = c\n", {"1 a=b", "2 a=c"}},
  };
  for (const auto& [name, in, want] : cases) {
    const auto lexed = lex(in, "x.conf");
    EXPECT_EQ(shown(lexed), want) << name;
    EXPECT_TRUE(lexed.errors.empty()) << name << ": " << shown_errors(lexed)[0];
  }
}

TEST(Lexer, NamesTheLineOfEveryMistakeAndKeepsTheGoodLines) {
  struct {
    const char* name;
    std::string in;
    std::vector<std::string> want, kept;
  } const cases[] = {
      {"white space first",
       "\n  a = b\nc = d\n",
       {"2 begins with white space, but there is no line before it to continue"},
       {"3 c=d"}},
      {"no =", "a = b\nc\nd = e\n", {"2 \"c\": no \"=\" after the name"}, {"1 a=b", "3 d=e"}},
      {"an empty name", "= b\n", {"1 no name before \"=\""}, {}},
      {"a blank in a name", "a b = c\n", {"1 \"a b\": a name has no blanks in it"}, {}},
      {"NUL",
       std::string("a = b\0c\nd = e\n", 14),
       {"1 control character 0x00; is this a text file?"},
       {"2 d=e"}},
      {"escape in a continuation",
       "a = b\n  \x1b[0m\n  c\nd = e\n",
       {"2 control character 0x1b; is this a text file?"},
       {"1 a=b", "4 d=e"}},
      {"a lone CR", "a = b\rc = d\n", {"1 control character 0x0d; is this a text file?"}, {}},
      {"the continuation of a bad line is not a second mistake",
       "\x7f = b\n  # x\n  c\n",
       {"1 control character 0x7f; is this a text file?"},
       {}},
      {"two at once", "a\n= b\n", {"1 \"a\": no \"=\" after the name", "2 no name before \"=\""}, {}},
  };
  for (const auto& [name, in, want, kept] : cases) {
    const auto lexed = lex(in, "x.conf");
    EXPECT_EQ(shown_errors(lexed), want) << name;
    EXPECT_EQ(shown(lexed), kept) << name;
  }
}

TEST(Lexer, QuotesALongLineInPart) {
  const auto lexed = lex(std::string(5000, 'x'), "x.conf");
  ASSERT_EQ(lexed.errors.size(), 1U);
  EXPECT_LT(lexed.errors[0].text.size(), 150U);
}

TEST(Lexer, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(shown_errors(lex_file("/nonexistent/milter.conf")),
            std::vector<std::string>{"0 cannot read /nonexistent/milter.conf: No such file or directory"});
  EXPECT_EQ(shown_errors(lex_file("/")), std::vector<std::string>{"0 cannot read /: Is a directory"});
  EXPECT_EQ(shown_errors(lex_file("/dev/zero")),
            std::vector<std::string>{"0 cannot read /dev/zero: it is longer than 1048576 bytes"});
}

TEST(Lexer, EntriesKnowTheirFile) {
  EXPECT_EQ(lex("a = b\n", "x.conf").entries, (std::vector<ConfigEntry>{{"a", "b", "x.conf", 1}}));
  EXPECT_TRUE(lex_file("/dev/null").entries.empty());
}

}  // namespace
}  // namespace fallbackmx
