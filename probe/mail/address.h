// An envelope address as it stands in MAIL and RCPT (RFC 5321 section 4.1.2, RFC 6531).
#pragma once

#include <string>
#include <string_view>

#include "probe/base/result.h"

namespace fallbackmx {

/// A value. Parsed once at the door; after that it holds no control character and no byte that could end an
/// SMTP command, so it may be written to a primary.
class Address {
 public:
  /// Takes the argument as the client typed it: with or without <>, with or without a source route (dropped,
  /// RFC 5321 appendix C), local part plain or quoted, domain a name (UTF-8 is converted to A-labels), a
  /// literal in brackets (kept in its shortest form), or absent (`postmaster`, and what else an MTA takes for
  /// its own). `<>` gives the null address. The error names the argument, printable.
  static Result<Address> parse(std::string_view argument);

  Address() = default;  ///< the null address

  /// As given, without <> and source route: what replies and logs show.
  const std::string& text() const { return text_; }
  /// As given, quotes and case kept.
  const std::string& local() const { return local_; }
  /// Lower case, A-labels, no trailing dot; a literal with its brackets; empty if there was none.
  const std::string& domain() const { return domain_; }

  bool null() const { return local_.empty() && domain_.empty(); }
  bool is_literal() const { return !domain_.empty() && domain_.front() == '['; }
  /// True when the local part needs SMTPUTF8 at the next server (the domain never does: it is sent in
  /// A-labels).
  bool needs_smtputf8() const;

  /// local@domain as it is sent to a primary between < and >.
  std::string mailbox() const;
  /// The key under which it is remembered. Local parts are case sensitive (RFC 5321 section 2.4).
  std::string key() const { return mailbox(); }

  friend bool operator==(const Address&, const Address&) = default;

 private:
  std::string text_, local_, domain_;
};

/// The domain in lower-case A-labels, or an error when it is not a domain name (RFC 5890, libidn2). A
/// trailing dot is dropped.
Result<std::string> ascii_domain(std::string_view domain);

}  // namespace fallbackmx
