// What smtp_tls_security_level, smtp_tls_policy_maps and smtp_tls_protocols say.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/socketmap_name.h"
#include "conf/tables/typed_tables.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// Postfix's levels (TLS_README), in rising order of what they demand.
enum class TlsLevel { none, may, encrypt, dane, dane_only, verify, secure };

std::string_view to_string(TlsLevel);
/// Keys come out of the DNS, and must be authentic there.
constexpr bool wants_dnssec(TlsLevel level) {
  return level == TlsLevel::dane || level == TlsLevel::dane_only;
}
/// Certificates must be vouched for by an authority that we believe.
constexpr bool wants_authorities(TlsLevel level) {
  return level == TlsLevel::verify || level == TlsLevel::secure;
}
/// A level as it is written, `dane-only`; case does not matter.
Result<TlsLevel> tls_level_named(std::string_view text);

/// A set of TLS versions. A value. Written as in Postfix: `>=TLSv1.2`, `<=TLSv1.2`, `!TLSv1, !TLSv1.1`,
/// `TLSv1.2 TLSv1.3`. SSLv2 and SSLv3 may be named and are never used.
class TlsProtocols {
 public:
  enum Version : unsigned { tls1 = 1, tls1_1 = 2, tls1_2 = 4, tls1_3 = 8 };
  static Result<TlsProtocols> parse(std::string_view text);
  bool contains(Version version) const { return (enabled_ & version) != 0; }
  const std::string& text() const { return text_; }
  friend bool operator==(const TlsProtocols&, const TlsProtocols&) = default;

 private:
  unsigned enabled_ = tls1 | tls1_1 | tls1_2 | tls1_3;
  std::string text_;
};

/// What is demanded of a server. `match` and `protocols` are empty when the level's own defaults hold.
struct TlsPolicy {
  TlsLevel level = TlsLevel::none;
  std::vector<std::string>
      match;  ///< `hostname`, `nexthop`, `dot-nexthop`, or names; ".example.org": any name below it
  TlsProtocols protocols;
  bool wrapped = false;  ///< by smtp_tls_wrappermode: TLS from the first byte on
  friend bool operator==(const TlsPolicy&, const TlsPolicy&) = default;
};

/// What a row says: `level attribute=value ...`. Attributes that are of no concern to somebody who sends no
/// mail are ignored: ciphers, exclude, servername, connection_reuse, and what is only for reports
/// (policy_type ...).
Result<TlsPolicy> parse_tls_policy(std::string_view text);

/// smtp_tls_policy_maps: tables of `next-hop  level attribute=value ...`. A value.
class TlsPolicies {
 public:
  /// `tables` is a list of tables (conf/tables/lookup_table.h) and socketmaps; the error names file and line.
  static Result<TlsPolicies> parse(std::string_view tables);

  /// Asks a socketmap server: the text that it has for a key, nothing when it has none, or why it gave no
  /// answer.
  using Ask = std::function<Result<std::optional<std::string>>(const SocketmapName&, const std::string& key)>;
  /// For a next hop as it is written (with brackets and port, if any); for a plain name then `.parent` for
  /// each of its parents. Null when there is none. The error: it is not known whether there is one.
  Result<std::shared_ptr<const TlsPolicy>> find(std::string_view next_hop, const Ask& ask) const;
  /// The same where no socketmap is asked.
  std::shared_ptr<const TlsPolicy> find(std::string_view next_hop) const;
  bool has_socketmap() const;
  /// Some row demands dane or dane-only.
  bool want_dnssec() const { return any_level(wants_dnssec); }
  /// Some row demands verify or secure, or may: a socketmap answers what it likes.
  bool want_authorities() const { return has_socketmap() || any_level(wants_authorities); }
  const std::string& text() const { return text_; }
  friend bool operator==(const TlsPolicies& a, const TlsPolicies& b) { return a.text_ == b.text_; }

 private:
  /// One table, or one socketmap.
  struct Source {
    std::optional<SocketmapName> socketmap{};
    TypedTables<TlsPolicy> tables{};
    Result<std::shared_ptr<const TlsPolicy>> find(const std::string& key, const Ask& ask) const;
  };
  bool any_level(bool (*is_meant)(TlsLevel)) const;

  std::vector<Source> sources_;
  std::string text_;
};

}  // namespace fallbackmx
