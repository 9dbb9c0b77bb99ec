#include "probe/mail/address.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "probe/base/text.h"
#include "probe/mail/host_name.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

// RFC 5321 section 4.5.3.1 has 64 for the local part and 256 for the path; longer ones live (VERP, SRS), so
// we only keep to what fits into a command line of 512 bytes with `RCPT TO:<` and `>` CR LF around it.
constexpr std::size_t local_limit = 256;
constexpr std::size_t mailbox_limit = 500;
constexpr std::size_t argument_limit = 1000;
// RFC 1035 section 2.3.4: 255 bytes on the wire are 253 as text.
constexpr std::size_t domain_limit = 253;

bool is_letter_or_digit(char c) { return is_digit(c) || is_letter(c); }
bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

/// RFC 5321 atext, a dot, or a part of a UTF-8 character (RFC 6531). Dots may stand anywhere: such addresses
/// live.
bool stands_unquoted(char c) {
  static constexpr std::string_view others = ".!#$%&'*+-/=?^_`{|}~";
  return is_letter_or_digit(c) || is_high(c) || others.find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return all;
}

/// Length of the well-formed UTF-8 character (RFC 3629) at the front of `text`, 0 if there is none or it is a
/// control.
std::size_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  const unsigned second = byte(1);
  if (first == 0xc2 && second < 0xa0) return 0;  // the controls U+0080 to U+009F
  if (first == 0xe0 && second < 0xa0) return 0;  // overlong
  if (first == 0xed && second > 0x9f) return 0;  // surrogates
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
  return length;
}

bool is_clean_text(std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// Length of the quoted string at the front, quotes included; 0 if it does not end. A backslash takes the
/// next byte along.
std::size_t quoted_string(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

/// Length of the local part at the front: words and quoted strings, up to the first byte that is neither.
std::optional<std::size_t> local_part(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '"') {
      const auto length = quoted_string(text.substr(at));
      if (length == 0) return std::nullopt;
      at += length;
    } else if (stands_unquoted(text[at])) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

/// What follows the source route `@a,@b:`, nothing if the route does not end. Literals may hold colons.
std::optional<std::string_view> after_route(std::string_view path) {
  bool in_literal = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[') in_literal = true;
    if (path[i] == ']') in_literal = false;
    if (path[i] == ':' && !in_literal) return path.substr(i + 1);
    if (path[i] == '"' || path[i] == ' ' || path[i] == '<' || path[i] == '>') return std::nullopt;
  }
  return std::nullopt;
}

/// `[192.0.2.1]` or `[IPv6:2001:db8::1]` in its shortest form.
std::optional<std::string> literal(std::string_view domain) {
  static constexpr std::string_view tag = "ipv6:";
  if (domain.size() < 3 || domain.size() > 64 || domain.back() != ']') return std::nullopt;
  const std::string inside(domain.substr(1, domain.size() - 2));
  std::array<unsigned char, sizeof(in6_addr)> address;
  std::array<char, INET6_ADDRSTRLEN> shown;
  if (lower(inside).starts_with(tag)) {
    if (inet_pton(AF_INET6, inside.c_str() + tag.size(), address.data()) != 1) return std::nullopt;
    return std::string("[IPv6:") + inet_ntop(AF_INET6, address.data(), shown.data(), shown.size()) + ']';
  }
  if (inet_pton(AF_INET, inside.c_str(), address.data()) != 1) return std::nullopt;
  return '[' + inside + ']';
}

Error refuse(std::string_view argument, std::string_view why) {
  return {"\"" + printable(argument, 100) + "\" is not an address: " + std::string(why)};
}

}  // namespace

Result<std::string> ascii_domain(std::string_view domain) {
  const auto refuse_domain = [&](std::string_view why) {
    return Error{"\"" + printable(domain, 100) + "\" is not a domain name: " + std::string(why)};
  };
  auto name = domain;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > argument_limit) return refuse_domain("too long");
  std::string ascii(name);
  if (std::any_of(name.begin(), name.end(), is_high)) {
    if (!is_clean_text(name)) return refuse_domain("malformed UTF-8");
    char* converted = nullptr;
    const int status = idn2_to_ascii_8z(ascii.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
    if (status != IDN2_OK) return refuse_domain(idn2_strerror(status));
    ascii = converted;
    // A dot may have come out of an ideographic full stop.
    if (ascii.ends_with('.')) ascii.pop_back();
  }
  ascii = lower(ascii);
  // Compatibility forms become ASCII, for instance U+FF20 an @: look again at what came out.
  if (ascii.size() > domain_limit || !valid_hostname(ascii)) return refuse_domain("malformed");
  return ascii;
}

Result<Address> Address::parse(std::string_view argument) {
  if (argument.size() > argument_limit) return refuse(argument, "too long");
  if (!is_clean_text(argument)) return refuse(argument, "it holds a control character or malformed UTF-8");

  auto path = argument;
  if (path.starts_with('<')) {
    if (!path.ends_with('>')) return refuse(argument, "no closing >");
    path = path.substr(1, path.size() - 2);
  }
  Address address;
  if (path.empty()) return argument.empty() ? Result<Address>(refuse(argument, "empty")) : address;
  if (path.starts_with('@')) {
    const auto rest = after_route(path);
    if (!rest) return refuse(argument, "a source route without an end");
    path = *rest;
  }

  const auto local = local_part(path);
  if (!local) return refuse(argument, "a quote is not closed");
  if (*local == 0) return refuse(argument, "no local part");
  if (*local > local_limit) return refuse(argument, "the local part is too long");
  address.text_ = path;
  address.local_ = path.substr(0, *local);
  if (*local == path.size()) return address;
  if (path[*local] != '@') return refuse(argument, "a character that must be quoted");

  const auto domain = path.substr(*local + 1);
  if (domain.starts_with('[')) {
    const auto shortest = literal(domain);
    if (!shortest) return refuse(argument, "a malformed address literal");
    address.domain_ = *shortest;
  } else {
    const auto name = ascii_domain(domain);
    if (!name) return refuse(argument, name.error());
    address.domain_ = *name;
  }
  if (address.mailbox().size() > mailbox_limit) return refuse(argument, "too long for an SMTP command");
  return address;
}

bool Address::needs_smtputf8() const { return std::any_of(local_.begin(), local_.end(), is_high); }

std::string Address::mailbox() const { return domain_.empty() ? local_ : local_ + '@' + domain_; }

}  // namespace fallbackmx
