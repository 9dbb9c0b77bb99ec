#include "milter/libmilter/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <system_error>

/// The program's sigwait() comes before the C library's for every library that it is linked with, and
/// libmilter is the only one that calls it, in a thread made for that.
extern "C" int sigwait(const sigset_t*, int*) {
  for (;;) pause();
}

namespace fallbackmx {

namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

extern "C" void end_at_once(int) { _exit(0); }

/// Who asks twice does not want to wait.
void let_the_next_stop_end_us() {
  struct sigaction action {};
  action.sa_handler = end_at_once;
  for (const int number : {SIGTERM, SIGINT}) sigaction(number, &action, nullptr);
  const sigset_t set = set_of({SIGTERM, SIGINT});
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

Signals::Signals() {
  const sigset_t set = set_of({SIGHUP, SIGUSR1, SIGTERM, SIGINT});
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  ended_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signals_ < 0 || ended_ < 0) throw std::system_error(errno, std::generic_category(), "signals");
}

Signals::~Signals() {
  close(signals_);
  close(ended_);
}

std::optional<Signal> Signals::next(std::chrono::milliseconds patience) {
  constexpr auto longest = std::chrono::milliseconds(std::chrono::hours(1));
  const auto limit = std::clamp(patience, std::chrono::milliseconds(0), longest);
  pollfd either[] = {{.fd = signals_, .events = POLLIN, .revents = 0},
                     {.fd = ended_, .events = POLLIN, .revents = 0}};
  if (poll(either, 2, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  if (either[0].revents != 0 && asked_to_stop()) {
    let_the_next_stop_end_us();
    return Signal::stop;
  }
  return either[1].revents != 0 ? Signal::milter_ended : Signal::reload;
}

/// Takes all that is pending; none of the four can be pending twice.
bool Signals::asked_to_stop() const {
  std::array<signalfd_siginfo, 4> pending{};
  const auto size = read(signals_, pending.data(), sizeof pending);
  const auto count = size < 0 ? 0 : static_cast<std::size_t>(size) / sizeof pending[0];
  return std::any_of(pending.begin(), pending.begin() + count, [](const signalfd_siginfo& each) {
    return each.ssi_signo == SIGTERM || each.ssi_signo == SIGINT;
  });
}

void Signals::milter_ended() noexcept { [[maybe_unused]] const int written = eventfd_write(ended_, 1); }

}  // namespace fallbackmx
