// Addresses of hosts that the DNS does not know: hosts(5), and whether the C library would ask the DNS behind
// it (nsswitch.conf(5)).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// What a hosts file says, by name in lower case. A value. Lines that make no sense are skipped, as in libc;
/// of a name on several lines all addresses count.
using HostsTable = std::map<std::string, std::vector<IpAddress>, std::less<>>;
HostsTable parse_hosts(std::string_view text);

/// Whether the line `hosts:` of an nsswitch.conf names the DNS (dns, resolve). Without such a line it does,
/// as in libc.
bool names_dns(std::string_view nsswitch);

/// The two files, read again when they have changed. Safe for use by all threads at once. A file that is
/// missing is empty. One that cannot be read, or has more than `most_bytes`, leaves things as they were;
/// `trouble` says so.
class HostsFile {
 public:
  static constexpr std::size_t most_bytes = 16u << 20;

  explicit HostsFile(std::string path = "/etc/hosts", std::string nsswitch = "/etc/nsswitch.conf");

  /// All addresses of a name, in order of the file; none if it is not there.
  std::vector<IpAddress> find(std::string_view name);
  /// Whether names that are not there are looked up in the DNS.
  bool dns_behind();
  /// Why the hosts file could not be read when it was looked at last; empty when it could.
  std::string trouble();
  const std::string& path() const { return hosts_.path; }

 private:
  /// What stat(2) says of a file; another one means another content.
  struct Print {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, seconds = 0, nanoseconds = 0;
    friend bool operator==(const Print&, const Print&) = default;
  };
  struct File {
    std::string path;
    Print print;
    bool read = false;
    std::string trouble;
  };
  static Print print_of(const std::string& path);
  /// True when `text` is the new content.
  static bool has_changed(File& file, std::string& text);

  std::mutex mutex_;  ///< protects what follows, but for the paths
  File hosts_, nsswitch_;
  HostsTable table_;
  bool dns_behind_ = true;
};

}  // namespace fallbackmx
