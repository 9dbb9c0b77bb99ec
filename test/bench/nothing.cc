// A milter that does nothing:
//
//   nothing SOCKET [unanswered]
//
// listens there, has a callback where fallbackmx-milter has one, and lets everything go on. What a milter
// costs that does anything is measured beside it. `unanswered`: the MTA need not wait for its answers before
// RCPT, as with fallbackmx-milter.
#include <libmilter/mfapi.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace {

/// To connection, HELO and MAIL.
sfsistat before_rcpt = SMFIS_CONTINUE;

sfsistat on_connect(SMFICTX* /*session*/, char* /*name*/, _SOCK_ADDR* /*address*/) { return before_rcpt; }
sfsistat on_helo(SMFICTX* /*session*/, char* /*name*/) { return before_rcpt; }
sfsistat on_mail(SMFICTX* /*session*/, char** /*arguments*/) { return before_rcpt; }
sfsistat on_rcpt(SMFICTX* /*session*/, char** /*arguments*/) { return SMFIS_CONTINUE; }
sfsistat on_end(SMFICTX* /*session*/) { return SMFIS_CONTINUE; }

sfsistat unanswered(SMFICTX* /*session*/, unsigned long /*actions*/, unsigned long offered,
                    unsigned long /*f2*/, unsigned long /*f3*/, unsigned long* want_actions,
                    unsigned long* want, unsigned long* want2, unsigned long* want3) {
  *want_actions = *want2 = *want3 = 0;
  *want = offered & (SMFIP_NOBODY | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NODATA | SMFIP_NOUNKNOWN |
                     SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL);
  return SMFIS_CONTINUE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && (argc != 3 || argv[2] != std::string_view("unanswered"))) {
    std::cerr << "usage: nothing SOCKET [unanswered]\n";
    return 64;
  }
  std::string name = "nothing", socket = std::string("local:") + argv[1];
  smfiDesc filter{};
  filter.xxfi_name = name.data();
  filter.xxfi_version = SMFI_VERSION;
  if (argc == 3) {
    before_rcpt = SMFIS_NOREPLY;
    filter.xxfi_negotiate = unanswered;
  }
  filter.xxfi_connect = on_connect;
  filter.xxfi_helo = on_helo;
  filter.xxfi_envfrom = on_mail;
  filter.xxfi_envrcpt = on_rcpt;
  filter.xxfi_eom = on_end;
  filter.xxfi_close = on_end;
  if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(socket.data()) != MI_SUCCESS) return 70;
  return smfi_main() == MI_SUCCESS ? 0 : 70;
}
