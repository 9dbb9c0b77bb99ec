#include "probe/dns/host_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

namespace fallbackmx {

namespace {

/// With a sentence where there is none.
struct HostAddresses {
  std::vector<IpAddress> addresses{};
  std::string trouble{};
};

HostAddresses ask_library(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &list); error != 0)
    return {.trouble = gai_strerror(error)};
  HostAddresses found;
  std::vector<IpAddress>& addresses = found.addresses;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    boost::asio::ip::tcp::endpoint at;
    if (each->ai_addrlen > at.capacity()) continue;
    std::memcpy(at.data(), each->ai_addr, each->ai_addrlen);
    at.resize(each->ai_addrlen);
    if (std::find(addresses.begin(), addresses.end(), at.address()) == addresses.end())
      addresses.push_back(at.address());
  }
  freeaddrinfo(list);
  return found;
}

}  // namespace

Result<std::vector<IpAddress>> look_up_host(const std::string& name, std::chrono::milliseconds limit) {
  std::packaged_task<HostAddresses()> task([name] { return ask_library(name); });
  auto found = task.get_future();
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error& trouble) {
    return Error{trouble.what()};
  }
  if (found.wait_for(limit) != std::future_status::ready) return Error{"no answer in time"};
  HostAddresses came = found.get();
  if (!came.trouble.empty()) return Error{std::move(came.trouble)};
  return std::move(came.addresses);
}

}  // namespace fallbackmx
