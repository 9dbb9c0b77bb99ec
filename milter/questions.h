// The questions that restrictions ask.
#pragma once

#include <string>
#include <string_view>

#include "probe/address.h"
#include "probe/dns.h"
#include "probe/verifier.h"

namespace fallbackmx {

/// Implemented by the desk with the real resolver and verifier, by tests with tables. Each returns within the
/// RCPT's deadline.
class Questions {
 public:
  virtual ~Questions() = default;
  virtual DnsAnswer lookup(std::string_view name, RecordType type) = 0;
  /// The deadline is set by who answers.
  virtual Finding verify(Question) = 0;
};

}  // namespace fallbackmx
