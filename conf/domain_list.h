// relay_domains: names of domains, first match wins, `!` negates.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "probe/result.h"

namespace fallbackmx {

/// A value. Items as in Postfix: `example.org` (its sub-domains too, as relay_domains is in Postfix's
/// parent_domain_matches_subdomains), `.example.org` (sub-domains only), `!not.example.org`, `/file` (items,
/// one or several a line; Sendmail's relay-domains will do, its networks are left out), `texthash:/file` (the
/// keys of a table; `hash:` and `lmdb:` name the same source file).
class DomainList {
 public:
  static Result<DomainList> parse(std::string_view text);

  /// `domain` in lower-case A-labels. Constant time in the size of tables.
  bool matches(std::string_view domain) const;
  bool empty() const { return items_.empty(); }
  const std::string& text() const { return text_; }

  friend bool operator==(const DomainList& a, const DomainList& b) { return a.text_ == b.text_; }

 private:
  struct Item {
    std::size_t order = 0;
    bool negated = false;
  };
  std::unordered_map<std::string, Item> items_;  ///< by name as written, lower case
  std::string text_;
};

}  // namespace fallbackmx
