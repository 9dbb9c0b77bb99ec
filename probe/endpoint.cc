#include "probe/endpoint.h"

namespace fallbackmx {

std::string Endpoint::text() const { return host + "[" + address.to_string() + "]:" + std::to_string(port); }

std::string Endpoint::key() const {
  const std::string bare = address.to_string();
  return (address.is_v6() ? "[" + bare + "]" : bare) + ":" + std::to_string(port);
}

}  // namespace fallbackmx
