// Where the MTA finds us: specifications of milter sockets, in the spelling of each MTA.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/result.h"

namespace fallbackmx {

/// A value: `unix:/path`, `local:/path` or `/path`; `inet:host:port` (Postfix), `inet:port@host` (Sendmail),
/// `inet:port` (all addresses), the same with `inet6:`, IPv6 hosts in brackets; `fd:N` for a descriptor that
/// is bound already. Ports are numbers: nobody looks into /etc/services.
struct MilterSocket {
  enum class Kind { path, inet, inet6, descriptor };
  Kind kind = Kind::path;
  std::string path;  ///< absolute, and short enough for sockaddr_un
  std::string host;  ///< without brackets; empty: all addresses
  std::uint16_t port = 0;
  int descriptor = -1;

  /// Empty: milter.sock in /var/spool/postfix/fallbackmx, which Debian's chrooted smtpd can reach, where that
  /// directory is, else in /run/fallbackmx. The Error names the text.
  static Result<MilterSocket> parse(std::string_view text);

  /// As smfi_setconn() and Sendmail's S= want it.
  std::string for_libmilter() const;
  /// As Postfix's smtpd_milters wants it, relative where Debian's chrooted smtpd sees it so. Not of a
  /// descriptor.
  std::string for_postfix() const;
  /// The whole line for main.cf, with the settings that belong to this milter. Not of a descriptor.
  std::string main_cf_line() const;
  /// True when a chrooted smtpd cannot reach it.
  bool outside_chroot() const;
};

/// What is wrong with the path of a UNIX-domain socket, if anything.
std::optional<Error> socket_path_error(std::string_view path);

}  // namespace fallbackmx
