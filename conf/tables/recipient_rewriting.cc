#include "conf/tables/recipient_rewriting.h"

#include <algorithm>
#include <deque>
#include <set>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

constexpr int most_canonical = 10;        // MAX_RECURSION in cleanup_map11.c
constexpr std::size_t most_steps = 1000;  // virtual_alias_recursion_limit and virtual_alias_expansion_limit

/// `local@domain` without quotes; the domain is empty where there is none.
struct Mailbox {
  std::string local, domain;
  std::string text() const { return domain.empty() ? local : local + '@' + domain; }
};

std::string without_quotes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') continue;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

Mailbox mailbox_of(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {std::string(text), ""};
  return {std::string(text.substr(0, at)), lower_case(text.substr(at + 1))};
}

/// The addresses of a result: separated by commas or blanks, outside of quotes.
std::vector<std::string> addresses_in(std::string_view text) {
  std::vector<std::string> found;
  std::string word;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    const bool separates = !quoted && (c == ',' || white_space.find(c) != std::string_view::npos);
    if (!separates) word += c;
    if (!separates || word.empty()) continue;
    found.push_back(std::move(word));
    word.clear();
  }
  if (!word.empty()) found.push_back(std::move(word));
  return found;
}

/// mail_addr_find() and mail_addr_map(): from the most specific key to the domain. The key that is only a
/// local part is for the MTA's own domains, which are none of ours.
std::vector<std::string> look_up(const RecipientRewriting::Find& find, const std::string& address,
                                 std::string_view delimiters, bool keeps_extension) {
  if (!find) return {};
  const Mailbox box = mailbox_of(address);
  if (box.domain.empty()) return {};
  const std::string local = lower_case(without_quotes(box.local));
  auto found = find(local + '@' + box.domain, true);
  std::string extension;
  const auto at = local.find_first_of(delimiters, 1);
  if (!found && at != std::string::npos) {
    found = find(local.substr(0, at) + '@' + box.domain, false);
    if (found && keeps_extension) extension = without_quotes(box.local).substr(at);
  }
  if (!found) found = find('@' + box.domain, false);
  if (!found) return {};
  std::vector<std::string> results = addresses_in(*found);
  for (std::string& result : results) {
    if (result.starts_with('@')) {
      result.insert(0, box.local);
    } else if (!extension.empty()) {
      result.insert(std::min(result.rfind('@'), result.size()), extension);
    }
  }
  return results;
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < 3; ++i) text += (i == 0 ? "" : ", ") + all[i];
  return all.size() > 3 ? text + ", ..." : text;
}

}  // namespace

RecipientRewriting::Result RecipientRewriting::of(const Address& recipient) const {
  if (recipient.domain().empty() || recipient.is_literal()) return {};
  const std::string given = recipient.mailbox();
  std::string address = given;
  for (const Find* table : {&tables_.recipient_canonical, &tables_.canonical}) {
    for (int i = 0; i < most_canonical; ++i) {
      const auto found =
          look_up(*table, address, tables_.recipient_delimiter, tables_.canonical_keeps_extension);
      if (found.empty() || same_but_for_case(found.front(), address)) break;
      address = found.front();
    }
  }
  std::vector<std::string> last;
  std::deque<std::string> open{address};
  std::set<std::string> seen{lower_case(address)};
  for (std::size_t steps = 0; !open.empty() && steps < most_steps; ++steps) {
    const std::string now = std::move(open.front());
    open.pop_front();
    const auto found =
        look_up(tables_.virtual_alias, now, tables_.recipient_delimiter, tables_.virtual_keeps_extension);
    if (found.empty()) last.push_back(now);
    for (const std::string& next : found) {
      if (same_but_for_case(next, now)) {
        last.push_back(now);
      } else if (seen.insert(lower_case(next)).second) {
        open.push_back(next);
      }
    }
  }
  if (last.size() == 1 && open.empty() && same_but_for_case(last.front(), given)) return {};
  if (last.size() != 1 || !open.empty()) return {Result::Kind::several, {}, joined(last)};
  auto parsed = Address::parse(last.front());
  if (!parsed || parsed->domain().empty()) return {Result::Kind::unqualified, {}, last.front()};
  std::string text = parsed->text();
  return {Result::Kind::one, *std::move(parsed), std::move(text)};
}

}  // namespace fallbackmx
