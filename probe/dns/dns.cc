#include "probe/dns/dns.h"

#include <algorithm>
#include <cstddef>

#include "probe/base/worker_thread.h"

#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

/// A target that is a bare address is wrong in DNS but works in practice: Postfix warns and uses it.
bool usable_target(const MxRecord& record) {
  boost::system::error_code trouble;
  boost::asio::ip::make_address(record.host, trouble);
  return !trouble || valid_hostname(record.host);
}

}  // namespace

std::string_view to_string(RecordType type) {
  switch (type) {
    case RecordType::a:
      return "A";
    case RecordType::aaaa:
      return "AAAA";
    case RecordType::mx:
      return "MX";
    case RecordType::tlsa:
      return "TLSA";
    case RecordType::cname:
      return "CNAME";
  }
  return "?";
}

std::optional<DnsAnswer> Resolver::at_hand(std::string_view, RecordType) { return std::nullopt; }

Task<DnsAnswer> Resolver::ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) {
  co_return co_await in_a_thread(loop, [&] { return lookup(name, type, deadline); });
}

DnsRank rank(RecordType type, const DnsAnswer& answer) {
  using Status = DnsAnswer::Status;
  if (answer.status == Status::temporary) return DnsRank::temporary;
  if (answer.status != Status::ok) return DnsRank::not_found;
  if (!answer.canonical.empty() && type != RecordType::tlsa && !valid_hostname(answer.canonical)) {
    return DnsRank::malformed;
  }
  if (type != RecordType::mx) return DnsRank::ok;
  // A null MX beside others is against RFC 7505, and Postfix takes the domain at that word all the same.
  if (std::any_of(answer.mx.begin(), answer.mx.end(), [](const MxRecord& r) { return r.host.empty(); })) {
    return DnsRank::null_mx;
  }
  return std::any_of(answer.mx.begin(), answer.mx.end(), usable_target) ? DnsRank::ok : DnsRank::malformed;
}

}  // namespace fallbackmx
