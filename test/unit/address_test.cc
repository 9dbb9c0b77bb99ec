#include "probe/mail/address.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::string_literals;

struct Good {
  const char* name;
  std::string in, text, local, domain;
};

const std::vector<Good> good = {
    {"plain", "<u@example.org>", "u@example.org", "u", "example.org"},
    {"without brackets", "u@example.org", "u@example.org", "u", "example.org"},
    {"null", "<>", "", "", ""},
    {"bare postmaster", "<postmaster>", "postmaster", "postmaster", ""},
    {"bare Postmaster without brackets", "Postmaster", "Postmaster", "Postmaster", ""},
    {"case of the local part is kept, that of the domain is not", "<U.ser@EXAMPLE.Org>", "U.ser@EXAMPLE.Org",
     "U.ser", "example.org"},
    {"trailing dot", "<u@example.org.>", "u@example.org.", "u", "example.org"},
    {"source route", "<@a.example,@b.example:u@example.org>", "u@example.org", "u", "example.org"},
    {"source route over a literal", "<@[IPv6:2001:db8::1]:u@example.org>", "u@example.org", "u",
     "example.org"},
    {"quoted", "<\"a b\"@example.org>", "\"a b\"@example.org", "\"a b\"", "example.org"},
    {"quoted brackets and at", "<\"a>b@<c\"@example.org>", "\"a>b@<c\"@example.org", "\"a>b@<c\"",
     "example.org"},
    {"quoted quote", R"(<"a\"b"@example.org>)", R"("a\"b"@example.org)", R"("a\"b")", "example.org"},
    {"quoted backslash", R"(<"a\\"@example.org>)", R"("a\\"@example.org)", R"("a\\")", "example.org"},
    {"empty quotes", "<\"\"@example.org>", "\"\"@example.org", "\"\"", "example.org"},
    {"partly quoted", "<a.\"b c\".d@example.org>", "a.\"b c\".d@example.org", "a.\"b c\".d", "example.org"},
    {"every character that needs no quotes", "<!#$%&'*+-/=?^_`{|}~@example.org>",
     "!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~", "example.org"},
    {"percent and bang are kept", "<a%b.example!c@example.org>", "a%b.example!c@example.org", "a%b.example!c",
     "example.org"},
    {"BATV", "<prvs=0123456789=u@example.org>", "prvs=0123456789=u@example.org", "prvs=0123456789=u",
     "example.org"},
    {"SRS", "<SRS0=HHH=TT=example.com=u@example.org>", "SRS0=HHH=TT=example.com=u@example.org",
     "SRS0=HHH=TT=example.com=u", "example.org"},
    {"dots where the RFC has none", "<.a..b.@example.org>", ".a..b.@example.org", ".a..b.", "example.org"},
    {"IPv4 literal", "<u@[192.0.2.1]>", "u@[192.0.2.1]", "u", "[192.0.2.1]"},
    {"IPv6 literal in its shortest form", "<u@[ipv6:2001:DB8:0::1]>", "u@[ipv6:2001:DB8:0::1]", "u",
     "[IPv6:2001:db8::1]"},
    {"UTF-8 local part", "<jürgen@example.org>", "jürgen@example.org", "jürgen", "example.org"},
    {"UTF-8 domain", "<u@Bücher.example>", "u@Bücher.example", "u", "xn--bcher-kva.example"},
    {"sharp s is not ss (IDNA2008)", "<u@faß.example>", "u@faß.example", "u", "xn--fa-hia.example"},
    {"ideographic full stop", "<u@bücher。example>", "u@bücher。example", "u", "xn--bcher-kva.example"},
    {"A-labels", "<u@XN--bcher-kva.example>", "u@XN--bcher-kva.example", "u", "xn--bcher-kva.example"},
    {"hyphens that only IDNA minds", "<u@r3---sn.example>", "u@r3---sn.example", "u", "r3---sn.example"},
    {"underscore in the domain", "<u@_a.example>", "u@_a.example", "u", "_a.example"},
    {"one label", "<u@localhost>", "u@localhost", "u", "localhost"},
};

TEST(Address, IsParsedAsTheClientTypedIt) {
  for (const auto& c : good) {
    const auto address = Address::parse(c.in);
    ASSERT_TRUE(address) << c.name << ": " << address.error();
    EXPECT_EQ(address->text(), c.text) << c.name;
    EXPECT_EQ(address->local(), c.local) << c.name;
    EXPECT_EQ(address->domain(), c.domain) << c.name;
    EXPECT_EQ(address->mailbox(), c.domain.empty() ? c.local : c.local + "@" + c.domain) << c.name;
    EXPECT_EQ(address->null(), c.in == "<>") << c.name;
    EXPECT_EQ(address->is_literal(), c.domain.starts_with("[")) << c.name;
  }
}

TEST(Address, WrittenToAPrimaryAndReadAgainIsTheSame) {
  for (const auto& c : good) {
    const auto once = Address::parse(c.in);
    const auto again = Address::parse("<" + once->mailbox() + ">");
    ASSERT_TRUE(again) << c.name;
    EXPECT_EQ(again->mailbox(), once->mailbox()) << c.name;
  }
}

const std::string long_label(64, 'a');
const std::string label(63, 'a');

const std::vector<std::pair<const char*, std::string>> bad = {
    {"nothing", ""},
    {"blank", " "},
    {"no local part", "<@example.org>"},
    {"no local part without brackets", "@example.org"},
    {"no domain after the at", "<u@>"},
    {"only an at", "<@>"},
    {"only an opening bracket", "<"},
    {"only a closing bracket", ">"},
    {"no closing bracket", "<u@example.org"},
    {"no opening bracket", "u@example.org>"},
    {"bracket inside", "<u>v@example.org>"},
    {"bracket in the domain", "<u@example>.org>"},
    {"two paths", "<u@example.org><v@example.org>"},
    {"parameters", "<u@example.org> NOTIFY=NEVER"},
    {"blank in the local part", "<a b@example.org>"},
    {"blank before the domain", "<u@ example.org>"},
    {"blank after the domain", "<u@example.org >"},
    {"open quote", "<\"a@example.org>"},
    {"quote that ends in a backslash", "<\"a\\\"@example.org>"},
    {"backslash without quotes", "<a\\ b@example.org>"},
    {"two ats", "<a@b@example.org>"},
    {"comment", "<u(comment)@example.org>"},
    {"comma", "<u,v@example.org>"},
    {"source route without an end", "<@a.example,@b.example>"},
    {"source route and nothing more", "<@a.example:>"},
    {"number for a domain", "<u@192.0.2.1>"},
    {"empty label", "<u@example..org>"},
    {"two trailing dots", "<u@example.org..>"},
    {"leading dot", "<u@.example.org>"},
    {"only a dot", "<u@.>"},
    {"leading hyphen", "<u@-example.org>"},
    {"trailing hyphen", "<u@example-.org>"},
    {"label too long", "<u@" + long_label + ".org>"},
    {"domain too long", "<u@" + label + "." + label + "." + label + "." + label + ">"},
    {"local part too long", "<" + std::string(257, 'u') + "@example.org>"},
    {"both long",
     "<" + std::string(256, 'u') + "@" + label + "." + label + "." + label + "." + label.substr(2) + ">"},
    {"endless", "<" + std::string(100000, 'u') + "@example.org>"},
    {"literal that is not closed", "<u@[192.0.2.1>"},
    {"literal with a bad number", "<u@[192.0.2.256]>"},
    {"literal with a short address", "<u@[192.0.2]>"},
    {"IPv6 literal without its tag", "<u@[2001:db8::1]>"},
    {"IPv6 literal with rubbish", "<u@[IPv6:2001:db8::1::2]>"},
    {"literal of another kind", "<u@[x400:a]>"},
    {"empty literal", "<u@[]>"},
    {"text after a literal", "<u@[192.0.2.1].example>"},
    {"8-bit local part that is not UTF-8", "<j\xfcrgen@example.org>"},
    {"8-bit domain that is not UTF-8", "<u@b\xfc.example>"},
    {"overlong slash", "<\xc0\xaf@example.org>"},
    {"overlong in three bytes", "<\xe0\x80\xaf@example.org>"},
    {"overlong in four bytes", "<\xf0\x80\x80\xaf@example.org>"},
    {"surrogate", "<\xed\xa0\x80@example.org>"},
    {"beyond Unicode", "<\xf4\x90\x80\x80@example.org>"},
    {"cut character", "<u@\xc3>"},
    {"8-bit control", "<\xc2\x85@example.org>"},
    {"an at in disguise", "<u@bü\uff20c.example>"},
    {"a bracket in disguise", "<u@bü\uff1ec.example>"},
    {"invisible domain", "<u@\u200b>"},
    {"CR LF and another command", "<u@example.org>\r\nRSET"},
    {"CR LF inside", "<u\r\nDATA\r\n@example.org>"},
    {"CR LF inside quotes", "<\"u\r\nDATA\r\n\"@example.org>"},
    {"NUL", "<u\0@example.org>"s},
    {"NUL at the end", "<u@example.org>\0"s},
};

TEST(Address, RefusesWhatIsNone) {
  for (const auto& [name, in] : bad) {
    const auto address = Address::parse(in);
    ASSERT_FALSE(address) << name << ": " << address->mailbox();
    EXPECT_LT(address.error().size(), 400u) << name;
    for (char c : address.error()) EXPECT_TRUE(c >= 0x20 && c <= 0x7e) << name << ": " << address.error();
  }
}

TEST(Address, HoldsNoControlCharacterWhereverItStood) {
  const std::string base = "<\"a b\".c@example.org>";
  for (int control : {0, 1, 7, 8, 9, 10, 11, 12, 13, 27, 31, 127}) {
    for (std::size_t at = 0; at <= base.size(); ++at) {
      auto in = base;
      in.insert(at, 1, static_cast<char>(control));
      EXPECT_FALSE(Address::parse(in)) << control << " at " << at;
    }
  }
}

TEST(Address, NeedsSmtputf8OnlyForItsLocalPart) {
  EXPECT_TRUE(Address::parse("<jürgen@example.org>")->needs_smtputf8());
  EXPECT_FALSE(Address::parse("<u@bücher.example>")->needs_smtputf8());
  EXPECT_FALSE(Address::parse("<>")->needs_smtputf8());
}

TEST(Address, IsRememberedWithCaseInTheLocalPartOnly) {
  EXPECT_EQ(Address::parse("u@EXAMPLE.org")->key(), Address::parse("<u@example.org.>")->key());
  EXPECT_NE(Address::parse("U@example.org")->key(), Address::parse("u@example.org")->key());
}

TEST(AsciiDomain, TakesWhatDnsTakes) {
  EXPECT_EQ(*ascii_domain("Example.ORG."), "example.org");
  EXPECT_EQ(*ascii_domain("bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(*ascii_domain("BÜCHER.example"), "xn--bcher-kva.example");
  EXPECT_EQ(*ascii_domain(label + "." + label + "." + label + "." + label.substr(2)),
            label + "." + label + "." + label + "." + label.substr(2));
  EXPECT_EQ(*ascii_domain("1.2.3.4.example"), "1.2.3.4.example");
  for (const auto* none :
       {"", ".", "..", "a..b", "1.2.3.4", "12", "a b", "a/b", "*.example", "[192.0.2.1]", "\xff"}) {
    EXPECT_FALSE(ascii_domain(none)) << none;
  }
  EXPECT_FALSE(ascii_domain("a\0.example"s));
  EXPECT_FALSE(ascii_domain("ü"s + std::string(100000, 'u')));
}

}  // namespace
}  // namespace fallbackmx
