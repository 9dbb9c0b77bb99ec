#include "milter/introduction.h"

#include "milter/setup/privileges.h"

namespace fallbackmx {

void introduce(const MilterSocket& socket, Log& log) {
  log.info("fallbackmx-milter " FALLBACKMX_VERSION " listens on " + socket.for_libmilter());
  log.info("for Postfix's main.cf: " + socket.main_cf_line());
  if (socket.kind != MilterSocket::Kind::path) return;
  if (const auto why = why_unreachable(socket.path, "postfix")) {
    log.warning("Postfix cannot reach this socket: " + *why +
                "; see milter_socket_group and milter_socket_mode");
  }
  if (socket.outside_chroot()) {
    log.info("an smtpd that runs chrooted in /var/spool/postfix, as Debian's does, cannot reach this socket");
  }
}

}  // namespace fallbackmx
