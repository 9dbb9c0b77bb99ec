#include "probe/smtp/rejection.h"

#include <algorithm>
#include <array>
#include <vector>

#include "probe/base/text.h"

namespace fallbackmx {

namespace {

struct Phrase {
  std::string_view code, words, origin;
};

#define PHRASE(code, words, origin) Phrase{code, words, origin},
constexpr Phrase phrases[] = {
#include "probe/smtp/rejection_phrases.def"
};
#undef PHRASE

/// RFC 3463 section 3.2 and the IANA registry: bad mailbox, bad system, bad syntax, moved, null MX; 5.2.1 is
/// a mailbox that is disabled.
constexpr auto codes_of_the_address =
    std::to_array<std::string_view>({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"});
constexpr auto codes_of_the_sender = std::to_array<std::string_view>({"5.1.7", "5.1.8"});

/// Beginnings of words that are about who asks, in whatever company they stand.
constexpr auto words_about_us = std::to_array<std::string_view>(
    {"abuse",      "authenticat", "banned",      "batv",         "blackhole", "blacklist",   "block",
     "bounce",     "client",      "complain",    "deny",         "denylist",  "dkim",        "dmarc",
     "dnsbl",      "dynamic",     "ehlo",        "encrypt",      "greylist",  "helo",        "listed",
     "permission", "phish",       "polic",       "prohibit",     "ptr",       "rbl",         "rdns",
     "relay",      "reputation",  "return-path", "reverse",      "security",  "sender",      "signature",
     "spam",       "spf",         "suspicious",  "unauthorized", "unsigned",  "unsolicited", "untrusted"});
/// These would also be the beginning of harmless words.
constexpr auto whole_words_about_us = std::to_array<std::string_view>({"list", "lists", "tls"});

/// The same about how much or how often we ask.
constexpr auto words_about_rate = std::to_array<std::string_view>(
    {"limit exceeded", "ratelimit", "throttl", "tomorrow", "too fast", "too many"});
constexpr auto whole_words_about_rate = std::to_array<std::string_view>({"rate", "rates"});

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

std::string lower_text(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(), lower);
  return folded;
}

/// In lower case, with single blanks between words.
std::string normal(std::string_view text) {
  std::string all;
  bool blank = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t') {
      blank = !all.empty();
      continue;
    }
    if (blank) all += ' ';
    blank = false;
    all += lower(c);
  }
  return all;
}

/// Where `what` stands, not inside a word, from `from` on. `prefix`: the word may go on behind it.
std::size_t find_word(std::string_view text, std::string_view what, std::size_t from, bool prefix) {
  for (auto at = text.find(what, from); at != std::string_view::npos; at = text.find(what, at + 1)) {
    const auto end = at + what.size();
    const bool begins = at == 0 || !is_word(what.front()) || !is_word(text[at - 1]);
    const bool ends = prefix || end == text.size() || !is_word(what.back()) || !is_word(text[end]);
    if (begins && ends) return at;
  }
  return std::string_view::npos;
}

bool has_word(std::string_view text, std::string_view what, bool prefix = false) {
  return !what.empty() && find_word(text, what, 0, prefix) != std::string_view::npos;
}

/// A blank in place of each `what`. `whole`: not inside a word.
void take_out(std::string& text, std::string_view what, bool whole) {
  if (what.empty()) return;
  for (std::size_t at = 0;;) {
    at = whole ? find_word(text, what, at, false) : text.find(what, at);
    if (at == std::string::npos) return;
    text.replace(at, what.size(), 1, ' ');
    ++at;
  }
}

/// The reply without the address it was asked about: in angle brackets or not, or its local part alone.
std::string without_echo(const SmtpReply& reply, const Address& recipient) {
  std::string text = normal(reply.text());
  for (const auto& form : {recipient.mailbox(), recipient.text()}) {
    const std::string address = lower_text(form);
    std::string bracketed = "<";
    bracketed.append(address).append(">");
    take_out(text, bracketed, false);
    take_out(text, address, false);
  }
  std::string local = lower_text(recipient.local());
  take_out(text, local, true);
  std::erase_if(local, [](char c) { return c == '"' || c == '\\'; });
  take_out(text, normal(local), true);
  take_out(text, recipient.domain(), true);
  return normal(text);
}

/// An IPv4 or IPv6 address, as far as its characters say.
bool is_ip_address(std::string_view word) {
  const auto count = [&](auto matches) { return std::count_if(word.begin(), word.end(), matches); };
  const auto digits = count(is_digit), dots = count([](char c) { return c == '.'; }),
             colons = count([](char c) { return c == ':'; }),
             hex_letters = count([](char c) { return c >= 'a' && c <= 'f'; });
  const auto length = static_cast<std::ptrdiff_t>(word.size());
  return digits > 0 && ((dots == 3 && digits >= 4 && digits + dots == length) ||
                        (colons >= 2 && digits + hex_letters + colons == length));
}

/// Whoever's address: behind a NAT we do not know how others see us.
bool has_ip_address(std::string_view text) {
  const auto belongs = [](char c) { return is_word(c) || c == '.' || c == ':'; };
  while (!text.empty()) {
    const auto begin = std::find_if(text.begin(), text.end(), belongs);
    const auto end = std::find_if_not(begin, text.end(), belongs);
    std::string_view word(begin, end);
    while (word.ends_with('.') || (word.ends_with(':') && !word.ends_with("::"))) word.remove_suffix(1);
    if (is_ip_address(word)) return true;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  return false;
}

bool is_in(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool has_any(std::string_view text, std::span<const std::string_view> words, bool prefix) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return has_word(text, word, prefix); });
}

bool speaks_of_rate(std::string_view text) {
  return has_any(text, words_about_rate, true) || has_any(text, whole_words_about_rate, false);
}

bool speaks_of_us(std::string_view text, const RejectionContext& context) {
  return text.find("://") != std::string_view::npos || has_word(text, "www.", true) ||
         has_word(text, lower_text(context.our_name)) || has_word(text, lower_text(context.our_helo_name)) ||
         has_ip_address(text) || has_any(text, words_about_us, true) ||
         has_any(text, whole_words_about_us, false);
}

/// Whether the words say that the address does not exist; they are taken out of the text then.
bool take_phrases(std::string& text, std::string_view code, const RejectionContext& context) {
  const bool without_code = code.empty() || code == "5.0.0";
  std::vector<std::string> found;
  for (const Phrase& phrase : phrases) {
    if (phrase.code.empty() ? !without_code : phrase.code != code) continue;
    // The name of a web page ends where it ends; what follows are its parameters.
    const bool page = phrase.words.find("://") != std::string_view::npos;
    if (has_word(text, phrase.words, page)) found.emplace_back(phrase.words);
  }
  if (without_code) {
    for (const std::string& pattern : context.patterns) {
      if (const auto words = normal(pattern); has_word(text, words)) found.push_back(words);
    }
  }
  // The longest first: shorter ones are parts of it.
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const auto& words : found) take_out(text, words, false);
  return !found.empty();
}

}  // namespace

RejectionSubject subject_of_rejection(const SmtpReply& reply, const Address& recipient,
                                      const RejectionContext& context) {
  std::string text = without_echo(reply, recipient);
  const bool phrase = take_phrases(text, reply.dsn, context);
  if (speaks_of_rate(text)) return RejectionSubject::rate;
  if (is_in(codes_of_the_sender, reply.dsn)) return RejectionSubject::sender;
  if (speaks_of_us(text, context)) return RejectionSubject::us;
  return phrase || is_in(codes_of_the_address, reply.dsn) ? RejectionSubject::address : RejectionSubject::us;
}

std::string_view to_string(RejectionSubject subject) {
  static constexpr std::array<std::string_view, 4> names = {"the address", "the sender", "us, perhaps",
                                                            "how much we ask"};
  return names[static_cast<std::size_t>(subject)];
}

}  // namespace fallbackmx
