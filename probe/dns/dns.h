// DNS as the rest of the program sees it: questions, answers, and the seam between the two.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/loop.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

enum class RecordType { a, aaaa, mx, tlsa, cname };

std::string_view to_string(RecordType);

struct MxRecord {
  int preference = 0;
  std::string host;  ///< lower case, no trailing dot; empty for the root: a null MX (RFC 7505)
  friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

struct TlsaRecord {  ///< RFC 6698
  std::uint8_t usage = 0, selector = 0, matching = 0;
  std::string data;  ///< raw bytes
  friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

/// The answer to one question, CNAMEs followed (but where they are what was asked for). A value.
struct DnsAnswer {
  enum class Status {
    ok,         ///< at least one record of the type asked for, perhaps with a malformed name
    no_data,    ///< the name exists, such records do not
    nx_domain,  ///< the name does not exist, or is not one that can be asked for
    temporary,  ///< SERVFAIL, REFUSED, bogus, malformed, no answer in time: nothing was learned
  };
  Status status = Status::temporary;
  bool authentic = false;    ///< AD bit from a trusted resolver
  std::string canonical;     ///< the name at the end of the CNAME chain
  std::vector<MxRecord> mx;  ///< in order of the packet
  std::vector<IpAddress> addresses;
  std::vector<TlsaRecord> tlsa;
  std::string alias_of;         ///< the target of the CNAME record that was asked for
  std::chrono::seconds ttl{0};  ///< how long it may be kept
  bool stale = false;  ///< past its time: the last good answer, as the DNS gives none now; `why` says so
  std::string why;     ///< when not ok: a sentence with name, type, server and reason
};

/// How Postfix's smtpd ranks an answer (dns_lookup.c). `temporary` also takes REFUSED and FORMERR, which
/// Postfix may treat as permanent by way of its C library.
enum class DnsRank { ok, not_found, null_mx, malformed, temporary };
DnsRank rank(RecordType, const DnsAnswer&);

/// What is asked when several things are asked at once.
struct Lookup {
  std::string name;
  RecordType type = RecordType::a;
};

/// How much longer than the A records of a host its AAAA records may take, and the other way round (RFC 8305
/// section 3).
constexpr auto resolution_delay = std::chrono::milliseconds(50);

/// The seam to the DNS. Used by many threads at once. Blocks until the answer or the deadline; names are
/// asked as they are, never completed from a search list.
class Resolver {
 public:
  virtual ~Resolver() = default;
  /// The answer, if it is there already: nobody waits for it.
  virtual std::optional<DnsAnswer> at_hand(std::string_view name, RecordType type);
  virtual DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) = 0;
  /// The answers in the order of the questions. They are asked at the same time: one that is not answered
  /// takes no time from the others. A and AAAA of a host stand one behind the other; once one of them has
  /// addresses, the other has `resolution_delay` left, and is "temporary" when it is not answered by then.
  virtual std::vector<DnsAnswer> lookup_all(std::span<const Lookup>, SteadyTime deadline) = 0;
  /// As lookup(), for a coroutine on this loop. One that knows no loop is asked by a thread.
  virtual Task<DnsAnswer> ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline);
  /// The answer will be wanted soon: it is asked for, and nobody waits for it. A resolver that keeps no
  /// answers does nothing.
  virtual void ask_ahead(std::string_view, RecordType) {}
};

}  // namespace fallbackmx
