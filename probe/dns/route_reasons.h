// Why a route goes where it goes: a sentence for each host. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "probe/dns/dns.h"
#include "probe/dns/mx.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// For a trace and the debug log.
using Reasons = std::vector<std::string>;

/// What became of each address that was found: asked as the how manieth, or left out and why. `asked` is what
/// is left of `found`, in the order to try.
Reasons reasons_for(std::span<const Endpoint> found, std::span<const Endpoint> asked, const OwnAddresses&);

/// A host whose addresses nobody looked up, because a better one is ourselves.
std::string not_looked_up(const MxRecord&);
/// An address that the hosts file gave.
std::string from_file(const MxRecord&, const IpAddress&, std::string_view path);
/// A host without an address; `why` as the resolver said it.
std::string lacks_address(const MxRecord&, std::string_view why);

}  // namespace fallbackmx
