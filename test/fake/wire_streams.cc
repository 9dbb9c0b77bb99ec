#include "test/fake/wire_streams.h"

#include <utility>

namespace fallbackmx {

void WireStreamFactory::serve(const std::string& address, std::uint16_t port,
                              std::shared_ptr<ScriptedServer> server) {
  const auto key = Endpoint{{}, boost::asio::ip::make_address(address), port, 0, false}.key();
  const auto real_port = wire_.serve(server);
  const std::lock_guard guard(mutex_);
  places_[key] = {std::move(server), real_port};
}

std::vector<std::string> WireStreamFactory::strays() const {
  const std::lock_guard guard(mutex_);
  return strays_;
}

std::unique_ptr<Stream> WireStreamFactory::connect(const Endpoint& to) {
  Endpoint real = to;
  real.address = boost::asio::ip::address_v4::loopback();
  real.port = wire_.refusing_port();
  const std::lock_guard guard(mutex_);
  const auto place = places_.find(to.key());
  if (place == places_.end()) {
    strays_.push_back(to.text());
  } else {
    const auto state = place->second.server->knock();
    if (state == ScriptedServer::State::accept || state == ScriptedServer::State::hang)
      real.port = place->second.port;
  }
  return tcp_.connect(real);
}

}  // namespace fallbackmx
