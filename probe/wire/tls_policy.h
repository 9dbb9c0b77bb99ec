// What TLS must show before a recipient's address crosses a channel. Pure: policies and DNS answers in, a
// demand out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/parameters.h"
#include "probe/dns/dns.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// The policy for a next hop as it is written: its row in smtp_tls_policy_maps, or smtp_tls_security_level.
/// `own` is another level, for what the row says beside. By LMTP smtp_tls_security_level means no more than
/// `may`, smtp_tls_wrappermode means nothing, and a unix-domain socket needs no TLS: as in Postfix, where
/// these parameters are those of its SMTP client alone.
TlsPolicy tls_policy(const Settings&, std::string_view next_hop, std::optional<TlsLevel> own = {});
/// The same where smtp_tls_policy_maps names socketmaps, which `ask` asks. The error: the policy is not
/// known; it never is where only `own` counts.
Result<TlsPolicy> tls_policy(const Settings&, std::string_view next_hop, std::optional<TlsLevel> own,
                             const TlsPolicies::Ask& ask);

/// A name that a certificate may bear. `below` also takes any name below it (".example.org" in Postfix).
struct TlsName {
  std::string name;
  bool below = false;
  friend bool operator==(const TlsName&, const TlsName&) = default;
};

/// What one connection must show. A value.
struct TlsDemand {
  TlsLevel level =
      TlsLevel::none;            ///< none, may, encrypt, dane, verify or secure: what will have been reached
  std::vector<TlsName> names;    ///< one of them must be in the certificate
  std::vector<TlsaRecord> tlsa;  ///< with level dane, usage 2 and 3 only
  TlsProtocols protocols;
  bool wrapped = false;      ///< TLS from the first byte on: there is no plaintext, and no STARTTLS
  std::string why_not;       ///< not empty: the demand cannot be met, and why
  bool unavailable = false;  ///< with why_not: for now only (the DNS gave no answer)

  bool required() const { return level > TlsLevel::may; }
};

/// Whether the TLSA records of an endpoint must be looked up: under dane, where every name that led to it is
/// authentic.
bool needs_tlsa(const TlsPolicy&, const Endpoint&);
/// Whether they must be where the CNAME record of the host is authentic: the host is an alias, and only what
/// its name leads to is not authentic (RFC 7672 section 2.2.2).
bool may_need_tlsa(const TlsPolicy&, const Endpoint&);
/// The TLSA base domains under which they may be, best first: where the host is an alias, the name at the end
/// of its CNAME chain if that is authentic, and then its own.
std::vector<std::string> tlsa_bases(const Endpoint&);
/// The name they are found under: `_25._tcp.mx1.example.org` (RFC 7672 section 2.2.3).
std::string tlsa_name(const Endpoint&, std::string_view base);
/// Whether this answer says that there are no (authentic) records, so that the next base counts.
bool without_tlsa(const DnsAnswer&);

/// RFC 7672 section 2.2: without authentic TLSA records dane falls back to may, and dane-only fails; with
/// records that are all unusable to encrypt; when the lookup fails nothing is sent at all. `tlsa` is the
/// answer of the first base that has an answer, and that base; null when none was needed.
TlsDemand tls_demand(const TlsPolicy&, const Endpoint&, const DnsAnswer* tlsa, std::string_view base = {});

}  // namespace fallbackmx
