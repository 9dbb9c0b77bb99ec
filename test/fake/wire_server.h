// Scripted servers behind real sockets on the loopback interface.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "probe/base/clock.h"
#include "test/fake/loopback.h"
#include "test/fake/scripted_server.h"
#include "test/fake/server_connection.h"

namespace fallbackmx {

/// Accepts connections for any number of servers and plays their part in one thread, which lives as long as
/// the object. The scripts' times are those of `clock`. Throws std::system_error when there are no sockets to
/// be had.
class WireServer {
 public:
  explicit WireServer(Clock& clock);
  ~WireServer();
  WireServer(const WireServer&) = delete;
  WireServer& operator=(const WireServer&) = delete;

  /// The port of 127.0.0.1 where this server is from now on. Who may connect is for the clients' network to
  /// decide (ScriptedServer::knock): what arrives here is served.
  std::uint16_t serve(std::shared_ptr<ScriptedServer> server);
  /// The same at a unix-domain socket, whose file must not be there yet.
  void serve_unix(const std::string& path, std::shared_ptr<ScriptedServer> server);
  /// A port of 127.0.0.1 that refuses connections.
  std::uint16_t refusing_port() const { return refusing_port_; }

  /// To be called after a change of a script, and after a jump of the clock.
  void look_again();
  /// True when nobody has anything to read, to write or to do at this moment.
  bool idle() const;

 private:
  struct Listener {
    FileDescriptor socket;
    std::shared_ptr<ScriptedServer> server;
  };
  struct Client {
    Client(FileDescriptor of, std::shared_ptr<ScriptedServer> server, SteadyTime now)
        : socket(std::move(of)), connection(std::move(server), now) {}
    FileDescriptor socket;
    ServerConnection connection;
    std::string outgoing;
    bool closing = false, gone = false;
  };

  void run();
  void accept_client(const Listener& listener);
  void read_from(Client& client);
  void pump(Client& client);
  void flush(Client& client);
  int patience() const;

  Clock& clock_;
  FileDescriptor bell_, refusing_;
  std::uint16_t refusing_port_ = 0;
  mutable std::mutex mutex_;  ///< protects what follows; not held while waiting
  std::list<Listener> listeners_;
  std::list<Client> clients_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fallbackmx
