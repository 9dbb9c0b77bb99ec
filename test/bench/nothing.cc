// A milter that does nothing:
//
//   nothing SOCKET
//
// listens there, has a callback where fallbackmx-milter has one, and lets everything go on. What a milter
// costs that does anything is measured beside it.
#include <libmilter/mfapi.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

sfsistat go_on(SMFICTX* /*session*/, char* /*name*/, _SOCK_ADDR* /*address*/) { return SMFIS_CONTINUE; }
sfsistat go_on(SMFICTX* /*session*/, char* /*argument*/) { return SMFIS_CONTINUE; }
sfsistat go_on(SMFICTX* /*session*/, char** /*arguments*/) { return SMFIS_CONTINUE; }
sfsistat go_on(SMFICTX* /*session*/) { return SMFIS_CONTINUE; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: nothing SOCKET\n";
    return 64;
  }
  std::string name = "nothing", socket = std::string("local:") + argv[1];
  smfiDesc filter{};
  filter.xxfi_name = name.data();
  filter.xxfi_version = SMFI_VERSION;
  filter.xxfi_connect = go_on;
  filter.xxfi_helo = go_on;
  filter.xxfi_envfrom = go_on;
  filter.xxfi_envrcpt = go_on;
  filter.xxfi_eom = go_on;
  filter.xxfi_close = go_on;
  if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(socket.data()) != MI_SUCCESS) return 70;
  return smfi_main() == MI_SUCCESS ? 0 : 70;
}
