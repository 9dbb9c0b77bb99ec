// Where the MTA finds us: specifications of milter sockets, in the spelling of each MTA.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "probe/result.h"

namespace fallbackmx {

/// A socket's address as the kernel has it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

/// A value: `unix:/path`, `local:/path` or `/path`; `inet:host:port` (Postfix), `inet:port@host` (Sendmail),
/// `inet:port` (all addresses), the same with `inet6:`, IPv6 hosts in brackets; `fd:N` for a descriptor that
/// is bound already.
struct MilterSocket {
  enum class Kind { path, inet, inet6, descriptor };
  Kind kind = Kind::path;
  std::string path;  ///< absolute, and short enough for sockaddr_un
  std::string host;  ///< without brackets; empty: all addresses
  std::uint16_t port = 0;
  int descriptor = -1;

  /// Empty: milter.sock in /var/spool/postfix/fallbackmx, which Debian's chrooted smtpd can reach, where that
  /// directory is, else in /run/fallbackmx.
  static Result<MilterSocket> parse(std::string_view text);

  /// As smfi_setconn() and Sendmail's S= want it.
  std::string for_libmilter() const;
  /// As Postfix's smtpd_milters wants it, relative where Debian's chrooted smtpd sees it so.
  std::string for_postfix() const;
  /// A descriptor as the path or address that it is bound to; others as they are.
  MilterSocket spelled_out() const;
  /// True when a chrooted smtpd cannot reach it.
  bool outside_chroot() const;

  /// Where our own connections to it go: loopback where it listens on all addresses. Looks a host name up,
  /// and a descriptor's name.
  Result<SocketAddress> own_address() const;
};

/// Whether anybody accepts connections at this address; errno tells why not.
bool somebody_listens(const SocketAddress&);

/// The whole line for main.cf, with the settings that belong to this milter.
std::string main_cf_line(const MilterSocket&);

}  // namespace fallbackmx
