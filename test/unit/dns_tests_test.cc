#include "milter/rules/dns_tests.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fallbackmx {
namespace {

/// One letter an answer: `+` there, `0` null MX, `!` malformed, `t` no answer, `-` not found, `N` NXDOMAIN.
DnsAnswer answer(RecordType type, char letter) {
  DnsAnswer out;
  switch (letter) {
    case '+':
      out.status = DnsAnswer::Status::ok;
      if (type == RecordType::mx) out.mx = {{10, "mx1.example.org"}};
      if (type != RecordType::mx) out.addresses = {boost::asio::ip::make_address("192.0.2.1")};
      break;
    case '0':
      out.status = DnsAnswer::Status::ok;
      out.mx = {{0, ""}};
      break;
    case '!':
      out.status = DnsAnswer::Status::ok;
      out.canonical = "-bad-.example.org";
      if (type == RecordType::mx) out.mx = {{10, "-bad-.example.org"}};
      break;
    case 't':
      out.status = DnsAnswer::Status::temporary;
      break;
    case '-':
      out.status = DnsAnswer::Status::no_data;
      break;
    default:
      out.status = DnsAnswer::Status::nx_domain;
      break;
  }
  return out;
}

/// Answers from three letters and writes down what it was asked.
class Letters final : public Questions {
 public:
  Letters(char mx, char a, char aaaa) : mx_(mx), a_(a), aaaa_(aaaa) {}

  DnsAnswer lookup(std::string_view, RecordType type) override {
    asked.append(asked.empty() ? "" : " ").append(to_string(type));
    return answer(type, type == RecordType::mx ? mx_ : type == RecordType::a ? a_ : aaaa_);
  }
  Finding verify(Question) override { return {}; }

  std::string asked;

 private:
  char mx_, a_, aaaa_;
};

/// Every letter that `pattern` stands for: `*` is any, others are themselves.
std::string letters(char pattern, std::string_view all) {
  return pattern == '*' ? std::string(all) : std::string(1, pattern);
}

struct Row {
  std::string_view answers;  ///< in the order of asking
  DnsRank want;
  std::string_view asked;
};

const char* name_of(DnsRank rank) {
  static constexpr const char* names[] = {"ok", "not_found", "null_mx", "malformed", "temporary"};
  return names[static_cast<int>(rank)];
}

TEST(DnsTests, AMailDomainIsAskedForMxThenAThenAaaa) {
  const Row rows[] = {
      {"+**", DnsRank::ok, "MX"},
      {"0**", DnsRank::null_mx, "MX"},
      {"!**", DnsRank::malformed, "MX"},
      {"-+*", DnsRank::ok, "MX A"},
      {"N+*", DnsRank::ok, "MX A"},
      {"t+*", DnsRank::ok, "MX A"},
      {"-!*", DnsRank::malformed, "MX A"},
      {"t!*", DnsRank::temporary, "MX A"},
      {"--+", DnsRank::ok, "MX A AAAA"},
      {"NN+", DnsRank::ok, "MX A AAAA"},
      {"-t+", DnsRank::ok, "MX A AAAA"},
      {"t-+", DnsRank::ok, "MX A AAAA"},
      {"tt+", DnsRank::ok, "MX A AAAA"},
      {"tt!", DnsRank::temporary, "MX A AAAA"},
      {"-t!", DnsRank::temporary, "MX A AAAA"},
      {"--!", DnsRank::malformed, "MX A AAAA"},
      {"---", DnsRank::not_found, "MX A AAAA"},
      {"NNN", DnsRank::not_found, "MX A AAAA"},
      {"N--", DnsRank::not_found, "MX A AAAA"},
      {"t--", DnsRank::temporary, "MX A AAAA"},
      {"-t-", DnsRank::temporary, "MX A AAAA"},
      {"--t", DnsRank::temporary, "MX A AAAA"},
      {"NNt", DnsRank::temporary, "MX A AAAA"},
      {"NtN", DnsRank::temporary, "MX A AAAA"},
      {"tNN", DnsRank::temporary, "MX A AAAA"},
      {"tt-", DnsRank::temporary, "MX A AAAA"},
      {"ttt", DnsRank::temporary, "MX A AAAA"},
  };
  for (const auto& row : rows) {
    for (const char mx : letters(row.answers[0], "+0!t-N")) {
      for (const char a : letters(row.answers[1], "+!t-N")) {
        for (const char aaaa : letters(row.answers[2], "+!t-N")) {
          Letters questions(mx, a, aaaa);
          EXPECT_STREQ(name_of(find_mail_domain(questions, "example.org")), name_of(row.want)) << row.answers;
          EXPECT_EQ(questions.asked, row.asked) << row.answers;
        }
      }
    }
  }
}

TEST(DnsTests, AHeloNameIsAskedForAThenAaaaThenMx) {
  const Row rows[] = {
      // A, AAAA, MX
      {"+**", DnsRank::ok, "A"},
      {"-+*", DnsRank::ok, "A AAAA"},
      {"t+*", DnsRank::ok, "A AAAA"},
      {"!+*", DnsRank::ok, "A AAAA"},
      {"--+", DnsRank::ok, "A AAAA MX"},
      {"!t+", DnsRank::ok, "A AAAA MX"},
      {"--0", DnsRank::null_mx, "A AAAA MX"},
      {"NN0", DnsRank::null_mx, "A AAAA MX"},
      {"t-0", DnsRank::temporary, "A AAAA MX"},
      {"-t0", DnsRank::temporary, "A AAAA MX"},
      {"!-0", DnsRank::malformed, "A AAAA MX"},
      {"---", DnsRank::not_found, "A AAAA MX"},
      {"NNN", DnsRank::not_found, "A AAAA MX"},
      {"!--", DnsRank::malformed, "A AAAA MX"},
      {"--!", DnsRank::malformed, "A AAAA MX"},
      {"!t-", DnsRank::temporary, "A AAAA MX"},
      {"t--", DnsRank::temporary, "A AAAA MX"},
      {"--t", DnsRank::temporary, "A AAAA MX"},
      {"t!!", DnsRank::temporary, "A AAAA MX"},
      {"ttt", DnsRank::temporary, "A AAAA MX"},
  };
  for (const auto& row : rows) {
    for (const char a : letters(row.answers[0], "+!t-N")) {
      for (const char aaaa : letters(row.answers[1], "+!t-N")) {
        for (const char mx : letters(row.answers[2], "+0!t-N")) {
          Letters questions(mx, a, aaaa);
          EXPECT_STREQ(name_of(find_helo_name(questions, "mail.example.org")), name_of(row.want))
              << row.answers;
          EXPECT_EQ(questions.asked, row.asked) << row.answers;
        }
      }
    }
  }
}

TEST(DnsTests, ANameThatCannotExistIsNotAskedFor) {
  for (const std::string_view name : {"", "mail.example.org.", "192.0.2.1", "12345", "a b", "-a.example",
                                      "a..b", "\xc3\xa9.example", "mail;rm.example", "[192.0.2.1]"}) {
    Letters questions('+', '+', '+');
    EXPECT_EQ(find_helo_name(questions, name), DnsRank::not_found) << name;
    EXPECT_EQ(find_mail_domain(questions, name), DnsRank::not_found) << name;
    EXPECT_EQ(questions.asked, "") << name;
  }
}

}  // namespace
}  // namespace fallbackmx
