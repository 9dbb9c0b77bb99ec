#include "probe/endpoint.h"

#include "conf/host_port.h"

namespace fallbackmx {

std::string Endpoint::text() const { return host + "[" + address.to_string() + "]:" + std::to_string(port); }

std::string Endpoint::key() const { return AddressPort{address, port}.text(); }

}  // namespace fallbackmx
