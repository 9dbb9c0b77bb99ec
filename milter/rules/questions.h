// The questions that restrictions ask.
#pragma once

#include <string>
#include <string_view>

#include "conf/tables/recipient_rewriting.h"
#include "probe/dns/dns.h"
#include "probe/mail/address.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// Implemented by the desk with the real resolver and verifier, by tests with tables. Each returns within the
/// RCPT's deadline.
class Questions {
 public:
  virtual ~Questions() = default;
  virtual DnsAnswer lookup(std::string_view name, RecordType type) = 0;
  /// About a domain that we relay: an answer that has outlived its time is better than none.
  virtual DnsAnswer lookup_relayed(std::string_view name, RecordType type) { return lookup(name, type); }
  /// The deadline is set by who answers.
  virtual Finding verify(Question) = 0;
  /// What the MTA will make of recipients; null: they keep their addresses.
  virtual const RecipientRewriting* rewriting() const { return nullptr; }
};

}  // namespace fallbackmx
