// The new addresses that Postfix's cleanup(8) gives to recipients, after we have answered: canonical(5) and
// virtual(5).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/domain_list.h"
#include "conf/tables/network_list.h"
#include "probe/mail/address.h"

namespace fallbackmx {

/// Never changed after it was made; used by all threads. A lookup touches neither disk nor network.
class RecipientRewriting {
 public:
  /// What a table gives for a key, in lower case. `whole` is false for part of an address, about which tables
  /// of patterns are not asked (DICT_FLAG_FIXED). Not set: there is no table.
  using Find = std::function<std::optional<std::string>(std::string_view key, bool whole)>;
  struct Tables {
    Find recipient_canonical{}, canonical{}, virtual_alias{};
    std::string recipient_delimiter{};
    bool canonical_keeps_extension = true,
         virtual_keeps_extension = true;  ///< propagate_unmatched_extensions
  };

  RecipientRewriting() = default;  ///< every recipient keeps its address
  /// The domains that the MTA relays, and those that it delivers itself; and whose mail it relays to
  /// anywhere.
  struct Domains {
    DomainList relayed{};
    std::set<std::string, std::less<>> final{};  ///< as whole names
    NetworkList clients{};                       ///< mynetworks
  };
  RecipientRewriting(Tables tables, Domains domains)
      : tables_(std::move(tables)), domains_(std::move(domains)) {}

  struct Result {
    enum class Kind { same, one, several, unqualified } kind = Kind::same;
    Address address{};   ///< with `one`: the new address
    std::string text{};  ///< otherwise, but not with `same`: what it becomes, for people
  };
  /// Of a recipient with a domain. Recursive, as virtual(5) has it; at most 1000 steps
  /// (virtual_alias_recursion_limit), and an address that leads back to itself ends there.
  Result of(const Address& recipient) const;

  /// Empty when they are not known.
  const Domains& domains() const { return domains_; }

 private:
  Tables tables_;
  Domains domains_;
};

}  // namespace fallbackmx
