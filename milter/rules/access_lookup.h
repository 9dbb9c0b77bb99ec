// Under which keys a client, a HELO name or an address is looked up in an access table (access(5)).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/access_table.h"
#include "milter/rules/envelope.h"

namespace fallbackmx {

/// The first key that is there decides. Null when there is none, or nothing to look up.
///
/// Client: the name, the domains above it, the address, the networks around it (`192.0.2`, `2001:db8`).
std::shared_ptr<const AccessAction> look_up_client(const AccessTable&, const Client&);
/// HELO: the name and the domains above it.
std::shared_ptr<const AccessAction> look_up_helo(const AccessTable&, std::string_view helo);

/// How addresses are read: what begins an extension, and the domain of an address without one.
struct AddressForm {
  std::string_view delimiter, domain;
};
/// Address: `user+extension@domain`, `user@domain`, domain, the domains above it, `user+extension@`, `user@`.
/// The local part is without quotes.
std::shared_ptr<const AccessAction> look_up_address(const AccessTable&, const Address&, const AddressForm&);

}  // namespace fallbackmx
