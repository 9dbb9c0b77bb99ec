// Which name servers to ask, and how: resolv.conf(5), or a list of our own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/result.h"
#include "probe/mail/endpoint.h"
#include "probe/mail/host_port.h"

namespace fallbackmx {

/// A value.
struct NameServer {
  IpAddress address;
  std::uint16_t port = 53;

  /// `127.0.0.1:53`, `[::1]:53`
  std::string text() const { return AddressPort{address, port}.text(); }
  friend bool operator==(const NameServer&, const NameServer&) = default;
};

/// `127.0.0.1`, `127.0.0.1:5353`, `::1`, `[::1]`, `[::1]:5353`, `fe80::1%eth0`.
Result<NameServer> parse_name_server(std::string_view);

/// A value. The defaults are those of resolv.conf(5), but for the patience: a client of ours waits 8 seconds
/// in all and several lookups stand between him and his answer, so that 5 seconds for one packet are too
/// many.
struct ResolvConf {
  std::vector<NameServer> servers;
  std::chrono::milliseconds timeout{2000};  ///< for one server to answer
  int attempts = 2;                         ///< rounds through the servers
  bool rotate = false;
  bool tcp = false;  ///< `use-vc`
  friend bool operator==(const ResolvConf&, const ResolvConf&) = default;
};

/// Never fails: lines it does not understand are skipped as in libc, and no `nameserver` means 127.0.0.1.
/// Search lists, ndots and sortlist mean nothing to us; EDNS is always tried; `trust-ad` gives way to
/// trusted_resolver.
ResolvConf parse_resolv_conf(std::string_view text);

/// Where the transport learns what to ask. May be called by any thread.
using NameServers = std::function<std::shared_ptr<const ResolvConf>()>;

/// A resolv.conf that is read again when it has changed. Safe for use by all threads at once.
class ResolvConfFile {
 public:
  ResolvConfFile(std::string path, Clock& clock) : path_(std::move(path)), clock_(clock) {}

  /// Looks at the file at most once a second. A file that cannot be read any more leaves things as they are.
  std::shared_ptr<const ResolvConf> current();

 private:
  /// What stat(2) says of a file; another one means another content.
  struct Print {
    std::int64_t inode = -1, size = 0, seconds = 0, nanoseconds = 0;
    friend bool operator==(const Print&, const Print&) = default;
  };
  static Print print_of(const std::string& path);

  const std::string path_;
  Clock& clock_;
  std::mutex mutex_;  ///< protects what follows
  std::shared_ptr<const ResolvConf> current_;
  Print print_;
  SteadyTime looked_;
};

}  // namespace fallbackmx
