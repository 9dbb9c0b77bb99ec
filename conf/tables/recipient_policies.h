// recipient_policy_maps: what is otherwise for the recipients of some domains.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conf/tables/lookup_table.h"
#include "conf/tables/tls_policies.h"
#include "probe/base/result.h"

namespace fallbackmx {

struct DomainSettings;

/// One row. A value; parameters that it sets are in `settings`, the others as they are for all domains.
struct RecipientPolicy {
  bool verify = true;
  std::string next_hop{};                            ///< whom to ask; empty: as if there were no policy
  std::shared_ptr<const DomainSettings> settings{};  ///< set by resolve()
  std::vector<std::string> own{};                    ///< the names of the parameters that it sets
  bool sets(std::string_view parameter) const;
};

/// A value. Rows are `domain  name=value ...`: `verify=no`, `next_hop=...`, and parameters that make sense
/// for one domain. A value with blanks stands in braces.
class RecipientPolicies {
 public:
  /// `tables` is a list of tables (conf/tables/lookup_table.h). The error names file and line.
  static Result<RecipientPolicies> parse(std::string_view tables);

  using Overrides = std::vector<std::pair<std::string, std::string>>;
  /// The settings with these parameters instead; or what is wrong with them.
  using With = std::function<Result<std::shared_ptr<const DomainSettings>>(const Overrides&)>;
  /// To be called once, when all parameters are known. The errors name file and line.
  std::vector<std::string> resolve(const With&);

  /// Each next_hop, once resolved, with where it first stands: `/file:12`.
  std::vector<std::pair<std::string, std::string>> next_hops() const;
  /// For a domain, or else `.parent` for each of its parents. Null when there is none.
  const RecipientPolicy* find(std::string_view domain) const;
  /// Some row sets a TLS level of dane or dane-only.
  bool want_dnssec() const { return any_level(wants_dnssec); }
  /// Some row sets verify or secure.
  bool want_authorities() const { return any_level(wants_authorities); }
  const std::string& text() const { return text_; }
  friend bool operator==(const RecipientPolicies& a, const RecipientPolicies& b) {
    return a.text_ == b.text_;
  }

 private:
  bool any_level(bool (*is_meant)(TlsLevel)) const;

  struct Shared {
    std::string where;  ///< of the first row that has it: `/file:12`
    Overrides overrides;
    RecipientPolicy policy;
  };
  /// A table, and which of policies_ each of its rows is.
  struct Rows {
    std::shared_ptr<const LookupTable> table;  ///< null: `by_domain` instead
    std::vector<std::size_t> by_row;
    std::unordered_map<std::string, std::size_t> by_domain;
  };
  const RecipientPolicy* look_up(std::string_view key, bool whole) const;

  std::vector<Shared> policies_;  ///< rows with the same words share one
  std::vector<Rows> tables_;
  std::string text_;
};

}  // namespace fallbackmx
