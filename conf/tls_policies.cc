#include "conf/tls_policies.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "conf/table.h"

namespace fallbackmx {

namespace {

constexpr std::array<std::pair<std::string_view, TlsLevel>, 7> levels{{{"none", TlsLevel::none},
                                                                       {"may", TlsLevel::may},
                                                                       {"encrypt", TlsLevel::encrypt},
                                                                       {"dane", TlsLevel::dane},
                                                                       {"dane-only", TlsLevel::dane_only},
                                                                       {"verify", TlsLevel::verify},
                                                                       {"secure", TlsLevel::secure}}};

/// In rising order; the old ones are known by name only.
constexpr std::array<std::pair<std::string_view, unsigned>, 6> versions{{{"SSLv2", 0},
                                                                         {"SSLv3", 0},
                                                                         {"TLSv1", TlsProtocols::tls1},
                                                                         {"TLSv1.1", TlsProtocols::tls1_1},
                                                                         {"TLSv1.2", TlsProtocols::tls1_2},
                                                                         {"TLSv1.3", TlsProtocols::tls1_3}}};

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string lower(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return folded;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(separators), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<std::size_t> version_named(std::string_view name) {
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (same(versions[i].first, name)) return i;
  }
  return std::nullopt;
}

Result<TlsPolicy> parse_policy(std::string_view text) {
  TlsPolicy policy;
  const auto words = split(text, " \t");
  const auto level = tls_level_named(words.empty() ? std::string_view() : words.front());
  if (!level) return Error{level.error()};
  policy.level = *level;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const auto name = words[i].substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view() : words[i].substr(equals + 1);
    if (same(name, "match") && !value.empty()) {
      for (const auto item : split(value, ":")) policy.match.push_back(lower(item));
    } else if (same(name, "protocols") && !value.empty()) {
      auto protocols = TlsProtocols::parse(value);
      if (!protocols) return Error{protocols.error()};
      policy.protocols = *std::move(protocols);
    } else {
      return Error{"\"" + std::string(words[i]) +
                   "\" is not an attribute: write match=NAME:... or protocols=LIST"};
    }
  }
  return policy;
}

}  // namespace

std::string_view to_string(TlsLevel level) { return levels[static_cast<std::size_t>(level)].first; }

Result<TlsLevel> tls_level_named(std::string_view text) {
  for (const auto& [name, level] : levels) {
    if (same(name, text)) return level;
  }
  if (same(text, "fingerprint")) {
    return Error{
        "level fingerprint is not offered: use dane with a TLSA record, or secure with smtp_tls_CAfile"};
  }
  return Error{"\"" + std::string(text) +
               "\" is not a TLS level: none, may, encrypt, dane, dane-only, verify or secure"};
}

Result<TlsProtocols> TlsProtocols::parse(std::string_view text) {
  TlsProtocols protocols;
  protocols.text_ = std::string(text);
  unsigned excluded = 0, included = 0;
  bool list = false;
  for (auto word : split(text, ", \t\r\n:")) {
    const bool at_least = word.starts_with(">="), at_most = word.starts_with("<="),
               without = word.starts_with('!');
    word.remove_prefix(at_least || at_most ? 2 : without ? 1 : 0);
    const auto named = version_named(word);
    if (!named)
      return Error{"\"" + std::string(word) + "\" is not a TLS version: TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3"};
    list = list || (!at_least && !at_most && !without);
    for (std::size_t i = 0; i < versions.size(); ++i) {
      if ((at_least && i < *named) || (at_most && i > *named) || (without && i == *named))
        excluded |= versions[i].second;
      if (!at_least && !at_most && !without && i == *named) included |= versions[i].second;
    }
  }
  protocols.enabled_ = (list ? included : protocols.enabled_) & ~excluded;
  if (protocols.enabled_ == 0) return Error{"\"" + std::string(text) + "\" leaves no TLS version"};
  return protocols;
}

Result<TlsPolicies> TlsPolicies::parse(std::string_view tables) {
  TlsPolicies policies;
  policies.text_ = std::string(tables);
  for (const auto name : split(tables, ", \t\r\n")) {
    const Table table = read_table(name);
    if (!table.errors.empty()) return Error{table.errors.front()};
    for (const TableRow& row : table.rows) {
      auto policy = parse_policy(row.value);
      if (!policy) return Error{std::string(name) + ":" + std::to_string(row.line) + ": " + policy.error()};
      policies.policies_.emplace(lower(row.key), *std::move(policy));
    }
  }
  return policies;
}

const TlsPolicy* TlsPolicies::find(std::string_view next_hop) const {
  const std::string key = lower(next_hop);
  if (const auto found = policies_.find(key); found != policies_.end()) return &found->second;
  if (key.starts_with('[') || key.find(':') != std::string::npos) return nullptr;
  for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
    if (const auto found = policies_.find(key.substr(dot)); found != policies_.end()) return &found->second;
  }
  return nullptr;
}

bool TlsPolicies::want_dnssec() const {
  return std::any_of(policies_.begin(), policies_.end(),
                     [](const auto& row) { return wants_dnssec(row.second.level); });
}

bool TlsPolicies::want_authorities() const {
  return std::any_of(policies_.begin(), policies_.end(),
                     [](const auto& row) { return wants_authorities(row.second.level); });
}

}  // namespace fallbackmx
