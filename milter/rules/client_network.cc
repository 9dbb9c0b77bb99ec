#include "milter/rules/client_network.h"

#include <boost/asio/ip/network_v6.hpp>

namespace fallbackmx {

std::string client_network(const IpAddress& client) {
  if (client.is_v4()) return client.to_string();
  return boost::asio::ip::network_v6(client.to_v6(), 64).canonical().to_string();
}

}  // namespace fallbackmx
