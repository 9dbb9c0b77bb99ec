// A byte stream to a server, and the seam that makes them. All socket calls of the probe module live behind
// it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "probe/base/poller.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// A connection is lost when nothing at all has come from the other side for so long, no acknowledgement and
/// no answer to a keepalive. The slowest server's TCP acknowledges at once; a host that is gone, and a
/// firewall that has forgotten the connection, do not. Short, so that whoever waits has time for a new
/// connection.
constexpr std::chrono::milliseconds silence_limit{1500};

/// How long nothing must have been said until keepalives ask.
constexpr std::chrono::seconds keepalive_after{1};

struct IoResult {
  enum class Status { done, would_block, closed, failed };
  Status status = Status::done;
  std::size_t bytes = 0;  ///< moved, when done; never 0 then
  std::string why{};      ///< when closed or failed: "connection refused", "connection reset by peer", ...
  bool lost = false;      ///< with failed: nobody is there any more, or on the way
  bool ours = false;      ///< with failed: for want of something here; the other side has no part in it
  bool no_way = false;    ///< with failed: this machine has no address or route of that protocol
};

/// Never blocks. On the loop's thread. The destructor closes without ceremony.
class Stream {
 public:
  virtual ~Stream() = default;
  /// would_block until the connection stands or has failed.
  virtual IoResult connected() = 0;
  virtual IoResult read(std::span<char> into) = 0;
  virtual IoResult write(std::string_view bytes) = 0;
  /// For who was told would_block: when to try again. A layer such as TLS has that of the stream below it.
  virtual Readiness& readiness() = 0;
  /// What should be said about it in the log all the same, as a sentence; empty when nothing should.
  virtual std::string remark() const { return {}; }
  /// True when it holds bytes back that could not be written yet.
  virtual bool holds_output() const { return false; }
};

class StreamFactory {
 public:
  virtual ~StreamFactory() = default;
  /// Begins to connect. Trouble that is known at once is reported by the stream's connected().
  virtual std::unique_ptr<Stream> connect(const Endpoint& to) = 0;
};

/// A local address to connect from. Unspecified: the kernel chooses.
struct BindAddress {
  IpAddress address;
  std::string parameter{};  ///< that names it
  bool enforce = false;     ///< make no connection when it cannot be had; else another one, with a remark
  friend bool operator==(const BindAddress&, const BindAddress&) = default;
};

/// By smtp_bind_address, smtp_bind_address6 and inet_interfaces.
struct BindAddresses {
  BindAddress v4{boost::asio::ip::address_v4()};
  BindAddress v6{boost::asio::ip::address_v6()};
  friend bool operator==(const BindAddresses&, const BindAddresses&) = default;
};

/// Why no connection can come from there now, and what becomes of it, as a sentence; empty when one can, or
/// when it is unspecified.
std::string bind_trouble(const BindAddress&);

/// TCP over IPv4 and IPv6, and unix-domain sockets.
class TcpStreamFactory final : public StreamFactory {
 public:
  explicit TcpStreamFactory(BindAddresses bind = {}) : bind_(bind) {}
  std::unique_ptr<Stream> connect(const Endpoint& to) override;

 private:
  BindAddresses bind_;
};

}  // namespace fallbackmx
