#include "test/fake/memory_streams.h"

#include <optional>
#include <utility>

#include "test/fake/memory_connection.h"
#include "test/fake/server_connection.h"

namespace fallbackmx {

/// Both ends of a connection and the wire between.
class MemoryStreamFactory::Connection final : public MemoryConnection,
                                              public std::enable_shared_from_this<Connection> {
 public:
  Connection(Simulation& simulation, Span one_way) : simulation_(simulation), one_way_(one_way) {}

  void open(const Lock& lock, std::shared_ptr<ScriptedServer> server) {
    host_ = server;
    after_one_way(lock, [this, server = std::move(server)](Lock& held) {
      const auto state = server ? server->knock() : ScriptedServer::State::refuse;
      if (state == ScriptedServer::State::drop) return;
      if (state == ScriptedServer::State::refuse) {
        after_one_way(held, [this](Lock&) { fail("connection refused"); });
        return;
      }
      server_.emplace(server, simulation_.now());
      after_one_way(held, [this](Lock&) { connected = true; });
      pump(held);
    });
  }

  void send(const Lock& lock, std::string bytes) override {
    after_one_way(lock, [this, bytes = std::move(bytes)](Lock& held) {
      if (!server_) return;
      if (server_ended_) {
        after_one_way(held, [this](Lock&) { fail("connection reset by peer"); });
        return;
      }
      server_->receive(bytes, simulation_.now());
      expect_life(held, silence_limit);
      pump(held);
    });
  }

  void hang_up(const Lock& lock) override {
    const SteadyTime heard_until = simulation_.now() - one_way_;
    after_one_way(lock, [this, heard_until](Lock&) {
      if (server_) server_->client_closed(simulation_.now(), heard_until);
      server_.reset();
    });
  }

  /// Does what the server has to do by now, and comes back when there will be more.
  void pump(const Lock& lock) {
    while (server_ && !server_ended_) {
      const auto next = server_->next();
      if (!next) return;
      if (*next > simulation_.now()) {
        if (*next == std::exchange(visit_, *next)) return;  // this visit is already planned
        simulation_.schedule(lock, *next, [self = shared_from_this()](Lock& held) { self->pump(held); });
        return;
      }
      if (auto output = server_->take(simulation_.now())) deliver(lock, *std::move(output));
    }
  }

  /// As TCP does, by acknowledgements of what was sent, or by keepalives: it notices when there is no host
  /// any more.
  void expect_life(const Lock& lock, Span patience) {
    const auto gone = [this] {
      return server_ && !server_ended_ && host_->state() == ScriptedServer::State::drop;
    };
    if (!gone()) return;
    simulation_.schedule(lock, simulation_.now() + patience, [self = shared_from_this(), gone](Lock&) {
      if (!gone()) return;
      self->lost = true;
      self->fail("Connection timed out");
    });
  }

 private:
  void deliver(const Lock& lock, ServerConnection::Output output) {
    server_ended_ = output.end != ServerConnection::End::none;
    after_one_way(lock, [this, output = std::move(output)](Lock&) mutable {
      if (!output.bytes.empty()) inbox.push_back(std::move(output.bytes));
      if (output.end == ServerConnection::End::close) closed = true;
      if (output.end == ServerConnection::End::reset) fail("connection reset by peer");
    });
  }

  void after_one_way(const Lock& lock, Simulation::Event event) {
    simulation_.schedule(lock, simulation_.now() + one_way_,
                         [self = shared_from_this(), event = std::move(event)](Lock& held) { event(held); });
  }

  Simulation& simulation_;
  const Span one_way_;
  std::optional<ServerConnection> server_;
  std::shared_ptr<ScriptedServer> host_;
  bool server_ended_ = false;
  std::optional<SteadyTime> visit_;
};

MemoryStreamFactory::MemoryStreamFactory(Simulation& simulation, Span round_trip)
    : simulation_(simulation), one_way_(round_trip / 2) {}
MemoryStreamFactory::~MemoryStreamFactory() = default;

void MemoryStreamFactory::serve(const std::string& address, std::uint16_t port,
                                std::shared_ptr<ScriptedServer> server) {
  const auto key = Endpoint{{}, boost::asio::ip::make_address(address), port, 0, false}.key();
  const auto lock = simulation_.lock();
  servers_[key] = std::move(server);
}

void MemoryStreamFactory::servers_changed() {
  const auto lock = simulation_.lock();
  for (const auto& weak : connections_) {
    const auto connection = weak.lock();
    if (!connection) continue;
    connection->expect_life(lock, keepalive_after + silence_limit);
    connection->pump(lock);
  }
}

std::vector<std::string> MemoryStreamFactory::strays() const {
  const auto lock = simulation_.lock();
  return strays_;
}

std::unique_ptr<Stream> MemoryStreamFactory::connect(const Endpoint& to) {
  const auto lock = simulation_.lock();
  const auto server = servers_.find(to.key());
  if (server == servers_.end()) strays_.push_back(to.text());
  auto connection = std::make_shared<Connection>(simulation_, one_way_);
  connection->open(lock, server == servers_.end() ? nullptr : server->second);
  std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
  connections_.insert(connection);
  return client_of(simulation_, std::move(connection));
}

}  // namespace fallbackmx
