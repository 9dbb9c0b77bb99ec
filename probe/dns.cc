#include "probe/dns.h"

#include <algorithm>
#include <cstddef>

namespace fallbackmx {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool valid_label(std::string_view label) {
  if (label.empty() || label.size() > 63) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return letter(c) || digit(c) || c == '-' || c == '_'; });
}

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
  }
  return "?";
}

std::optional<DnsAnswer> Resolver::at_hand(std::string_view, RecordType) { return std::nullopt; }

bool valid_hostname(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  if (std::all_of(name.begin(), name.end(), [](char c) { return digit(c) || c == '.'; })) return false;
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!valid_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
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
