// A server that says any bytes at all, for those whom the scripted ones are too well-bred for.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "test/fake/loopback.h"

namespace fallbackmx {

/// One connection's part. Called by the server's thread.
class RawPart {
 public:
  struct Said {
    std::string bytes{};
    bool close = false;    ///< behind them
    bool single = false;   ///< each byte in a packet of its own
    bool endless = false;  ///< again and again, as fast as can be
  };
  virtual ~RawPart() = default;
  /// What is said to bytes that have come; to none at the beginning.
  virtual Said hear(std::string_view bytes) = 0;
};

/// Listens on a port of 127.0.0.1, with a thread that lives as long as the object.
class RawServer {
 public:
  /// `part` makes one for each connection, in the server's thread.
  explicit RawServer(std::function<std::unique_ptr<RawPart>()> part);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  struct Client {
    FileDescriptor socket;
    std::unique_ptr<RawPart> part;
  };

  void run();
  void accept_client();
  /// False when it is over.
  static bool serve(Client& client);

  const std::function<std::unique_ptr<RawPart>()> part_;
  FileDescriptor bell_, listener_;
  const std::uint16_t port_;
  std::list<Client> clients_;  ///< the thread's
  std::thread thread_;
};

}  // namespace fallbackmx
