// What smtp_tls_security_level, smtp_tls_policy_maps and smtp_tls_protocols say.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "probe/result.h"

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

/// smtp_tls_policy_maps: tables of `next-hop  level attribute=value ...`. A value.
class TlsPolicies {
 public:
  /// `tables` is a list of texthash:/file and the like; the error names file and line.
  static Result<TlsPolicies> parse(std::string_view tables);
  /// For a next hop as it is written (with brackets and port, if any); for a plain name then `.parent` for
  /// each of its parents. Null when there is none.
  const TlsPolicy* find(std::string_view next_hop) const;
  /// Some row demands dane or dane-only.
  bool want_dnssec() const;
  /// Some row demands verify or secure.
  bool want_authorities() const;
  const std::string& text() const { return text_; }
  friend bool operator==(const TlsPolicies& a, const TlsPolicies& b) { return a.text_ == b.text_; }

 private:
  std::unordered_map<std::string, TlsPolicy> policies_;
  std::string text_;
};

}  // namespace fallbackmx
