#include "probe/host_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <future>
#include <system_error>
#include <thread>

// g++ 12 with optimisation takes the other member of a moved std::variant for the one that is freed.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wfree-nonheap-object"
#endif

namespace fallbackmx {

namespace {

using Found = Result<std::vector<IpAddress>>;

Found ask_library(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &list); error != 0)
    return Error{gai_strerror(error)};
  std::vector<IpAddress> addresses;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    boost::asio::ip::tcp::endpoint at;
    if (each->ai_addrlen > at.capacity()) continue;
    std::memcpy(at.data(), each->ai_addr, each->ai_addrlen);
    at.resize(each->ai_addrlen);
    if (std::find(addresses.begin(), addresses.end(), at.address()) == addresses.end())
      addresses.push_back(at.address());
  }
  freeaddrinfo(list);
  return addresses;
}

}  // namespace

Result<std::vector<IpAddress>> look_up_host(const std::string& name, std::chrono::milliseconds limit) {
  std::packaged_task<Found()> task([name] { return ask_library(name); });
  auto found = task.get_future();
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error& trouble) {
    return Error{trouble.what()};
  }
  if (found.wait_for(limit) != std::future_status::ready) return Error{"no answer in time"};
  return found.get();
}

}  // namespace fallbackmx
