// What counts as one client.
#pragma once

#include <string>

#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// An IPv4 address, or an IPv6 network of 64 bits: whoever has one of its addresses has all of them. Pure.
std::string client_network(const IpAddress& client);

}  // namespace fallbackmx
