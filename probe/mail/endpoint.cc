#include "probe/mail/endpoint.h"

#include "probe/mail/host_port.h"

namespace fallbackmx {

std::string Endpoint::text() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  return host + "[" + address.to_string() + "]:" + std::to_string(port);
}

std::string Endpoint::key() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  return AddressPort{address, port}.text();
}

}  // namespace fallbackmx
