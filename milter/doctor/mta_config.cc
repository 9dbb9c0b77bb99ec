#include "milter/doctor/mta_config.h"

namespace fallbackmx {

std::string sendmail_line(const MilterSocket& socket) {
  const bool path = socket.kind == MilterSocket::Kind::path;
  return "INPUT_MAIL_FILTER(`fallbackmx', `S=" + (path ? "local:" + socket.path : socket.for_libmilter()) +
         ", F=T, T=C:10s;S:10s;R:30s;E:5m')dnl";
}

std::string postfix_config(const MilterSocket& socket) {
  std::string text =
      "# main.cf: in braces, so that other filters keep their own settings. They stand behind it, separated "
      "by commas.\n" +
      socket.main_cf_line() +
      "\n"
      "# Mail that this machine sends itself is nobody's to verify.\n"
      "non_smtpd_milters =\n"
      "# Nor is that of your own users: in master.cf, below submission and submissions,\n"
      "#   -o smtpd_milters=\n";
  if (socket.outside_chroot())
    text +=
        "# An smtpd that runs chrooted, as Debian's does, cannot reach this socket: see milter_socket in "
        "milter.conf.\n";
  return text;
}

std::string sendmail_config(const MilterSocket& socket) {
  return "dnl sendmail.mc: filters are asked in the order of their lines.\n" + sendmail_line(socket) +
         "\n"
         "dnl Sendmail tells no filter what it relays; milter.conf must say it:\n"
         "dnl   relay_domains = /etc/mail/relay-domains\n";
}

}  // namespace fallbackmx
