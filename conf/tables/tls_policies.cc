#include "conf/tables/tls_policies.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <utility>

#include "conf/grammar/braced_words.h"
#include "probe/base/text_file.h"

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
    if (same_but_for_case(versions[i].first, name)) return i;
  }
  return std::nullopt;
}

/// Of Postfix's smtp_tls_policy_maps, and of TLSRPT; what we look at nothing for.
constexpr std::array<std::string_view, 12> ignored{
    "ciphers",     "exclude",       "servername", "connection_reuse", "tafile",         "enable_rpk",
    "policy_type", "policy_domain", "policy_ttl", "policy_string",    "policy_failure", "mx_host_pattern"};

/// Takes `name=value`, `name = value` in braces, or `{ name = value with blanks }` apart.
std::pair<std::string_view, std::string_view> attribute(std::string_view word) {
  word = without_braces(word);
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {word, {}};
  return {stripped(word.substr(0, equals)), stripped(word.substr(equals + 1))};
}

}  // namespace

std::string_view to_string(TlsLevel level) { return levels[static_cast<std::size_t>(level)].first; }

Result<TlsLevel> tls_level_named(std::string_view text) {
  for (const auto& [name, level] : levels) {
    if (same_but_for_case(name, text)) return level;
  }
  if (same_but_for_case(text, "fingerprint")) {
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

Result<TlsPolicy> parse_tls_policy(std::string_view text) {
  TlsPolicy policy;
  const auto words = split_braced_words(text);
  const auto level = tls_level_named(words.empty() ? std::string_view() : std::string_view(words.front()));
  if (!level) return Error{level.error()};
  policy.level = *level;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto [name, value] = attribute(words[i]);
    if (same_but_for_case(name, "match") && !value.empty()) {
      for (const auto item : split(value, ":")) policy.match.push_back(lower_case(item));
    } else if (same_but_for_case(name, "protocols") && !value.empty()) {
      auto protocols = TlsProtocols::parse(value);
      if (!protocols) return Error{protocols.error()};
      policy.protocols = *std::move(protocols);
    } else if (std::none_of(ignored.begin(), ignored.end(),
                            [&, n = name](auto known) { return same_but_for_case(n, known); })) {
      return Error{"\"" + words[i] + "\" is not an attribute: write match=NAME:... or protocols=LIST"};
    }
  }
  return policy;
}

Result<TlsPolicies> TlsPolicies::parse(std::string_view tables) {
  TlsPolicies policies;
  policies.text_ = std::string(tables);
  for (const auto& name : split_braced_words(tables)) {
    auto& source = policies.sources_.emplace_back();
    // proxymap(8) only hands questions on.
    if (name.starts_with("socketmap:") || name.starts_with("proxy:socketmap:")) {
      auto socketmap = SocketmapName::parse(std::string_view(name).substr(name.find("socketmap:")));
      if (!socketmap) return Error{socketmap.error()};
      source.socketmap = *std::move(socketmap);
      continue;
    }
    auto opened = LookupTables::open(name);
    if (!opened) return Error{opened.error()};
    auto typed = TypedTables<TlsPolicy>::read(*std::move(opened), parse_tls_policy);
    if (!typed) return Error{typed.error()};
    source.tables = *std::move(typed);
  }
  return policies;
}

Result<std::shared_ptr<const TlsPolicy>> TlsPolicies::Source::find(const std::string& key,
                                                                   const Ask& ask) const {
  if (!socketmap) return tables.find(key, true);
  const auto text = ask(*socketmap, key);
  if (!text) return Error{text.error()};
  if (!*text) return std::shared_ptr<const TlsPolicy>();
  auto policy = parse_tls_policy(**text);
  if (!policy)
    return Error{socketmap->text + ": " + in_quotes(**text) + " for " + key + ": " + policy.error()};
  return std::shared_ptr<const TlsPolicy>(std::make_shared<const TlsPolicy>(*std::move(policy)));
}

Result<std::shared_ptr<const TlsPolicy>> TlsPolicies::find(std::string_view next_hop, const Ask& ask) const {
  std::string key = lower_case(next_hop);
  const bool plain = !key.starts_with('[') && key.find(':') == std::string::npos;
  for (;;) {
    for (const Source& source : sources_) {
      auto found = source.find(key, ask);
      if (!found || *found != nullptr) return found;
    }
    const auto dot = key.find('.', key.starts_with('.') ? 1 : 0);
    if (!plain || dot == std::string::npos) return std::shared_ptr<const TlsPolicy>();
    key.erase(0, dot);
  }
}

std::shared_ptr<const TlsPolicy> TlsPolicies::find(std::string_view next_hop) const {
  const auto nobody = [](const SocketmapName&, const std::string&) -> Result<std::optional<std::string>> {
    return std::optional<std::string>();
  };
  auto found = find(next_hop, nobody);
  return found ? *std::move(found) : nullptr;
}

bool TlsPolicies::has_socketmap() const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [](const Source& source) { return source.socketmap.has_value(); });
}

bool TlsPolicies::any_level(bool (*is_meant)(TlsLevel)) const {
  bool any = false;
  for (const Source& source : sources_) {
    source.tables.each(
        [&](const LookupRow&, const TlsPolicy& policy) { any = any || is_meant(policy.level); });
  }
  return any;
}

}  // namespace fallbackmx
