// A crash says where.

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "test/fault/shim/next.h"
#include "test/fault/shim/way.h"

namespace {

void crashed(int) { fault_shim::show_way(); }  // and happens again, to nobody's surprise

__attribute__((constructor)) void watch_for_crashes() {
  struct sigaction before {};
  sigaction(SIGSEGV, nullptr, &before);
  if (before.sa_handler != SIG_DFL) return;  // a sanitizer's, which says more
  struct sigaction once {};
  once.sa_handler = crashed;
  once.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGSEGV, &once, nullptr);
}

}  // namespace

extern "C" void abort() noexcept {
  fault_shim::show_way();
  NEXT(abort)();
  _exit(134);
}
