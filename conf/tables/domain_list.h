// relay_domains: names of domains, first match wins, `!` negates.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conf/tables/lookup_table.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// A value. Items as in Postfix: `example.org` (its sub-domains too, as relay_domains is in Postfix's
/// parent_domain_matches_subdomains), `.example.org` (sub-domains only), `!not.example.org`, `/file` (items,
/// one or several a line; Sendmail's relay-domains will do, its networks are left out), tables
/// (conf/tables/lookup_table.h): the keys of those that have keys; patterns are asked about the whole domain.
class DomainList {
 public:
  static Result<DomainList> parse(std::string_view text);

  /// `domain` in lower-case A-labels. Constant time in the size of tables.
  bool matches(std::string_view domain) const;
  bool empty() const { return items_.empty() && tables_.empty(); }
  const std::string& text() const { return text_; }

  friend bool operator==(const DomainList& a, const DomainList& b) { return a.text_ == b.text_; }

 private:
  struct Item {
    std::size_t order = 0;
    bool negated = false;
  };
  struct Asked {
    Item item;
    std::shared_ptr<const LookupTable> table;
  };
  std::unordered_map<std::string, Item> items_;  ///< by name as written, lower case
  std::vector<Asked> tables_;                    ///< of patterns, in their order
  std::string text_;
};

}  // namespace fallbackmx
