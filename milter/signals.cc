#include "milter/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace fallbackmx {

namespace {

constexpr std::array caught = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};

// All that a handler can reach.
volatile std::sig_atomic_t queue_descriptor = -1;
volatile std::sig_atomic_t asked_to_stop = 0;

sigset_t caught_set() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : caught) sigaddset(&set, number);
  return set;
}

void put(char letter) noexcept {
  const int saved = errno;
  // A full pipe holds enough of them already.
  [[maybe_unused]] const auto written = write(queue_descriptor, &letter, 1);
  errno = saved;
}

extern "C" void on_signal(int number) {
  if (number == SIGHUP || number == SIGUSR1) {
    put('r');
    return;
  }
  if (asked_to_stop != 0) _exit(0);
  asked_to_stop = 1;
  put('s');
}

}  // namespace

Signals::Signals() {
  const sigset_t set = caught_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  if (pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  queue_descriptor = pipe_[1];
}

Signals::~Signals() {
  // The write end stays open: a handler may run to the very end.
  close(pipe_[0]);
}

void Signals::stand_guard() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_NODEFER | SA_RESTART;
  for (const int number : caught) sigaction(number, &action, nullptr);
  const sigset_t set = caught_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<Signal> Signals::next(std::chrono::milliseconds patience) {
  pollfd readable{.fd = pipe_[0], .events = POLLIN, .revents = 0};
  const auto longest = std::chrono::milliseconds(std::chrono::hours(1));
  if (poll(&readable, 1,
           static_cast<int>(std::clamp(patience, std::chrono::milliseconds(0), longest).count())) <= 0) {
    return std::nullopt;
  }
  char letter = 0;
  if (read(pipe_[0], &letter, 1) != 1) return std::nullopt;
  return letter == 'r' ? Signal::reload : letter == 's' ? Signal::stop : Signal::milter_ended;
}

void Signals::milter_ended() noexcept { put('e'); }

}  // namespace fallbackmx
