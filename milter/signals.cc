#include "milter/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace fallbackmx {

namespace {

constexpr std::array guarded = {SIGHUP, SIGTERM, SIGINT};

// All that a handler can reach.
volatile std::sig_atomic_t queue_descriptor = -1;
volatile std::sig_atomic_t asked_to_stop = 0;

sigset_t set_of(std::span<const int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

void put_letter(char letter) noexcept {
  const int saved = errno;
  // A full pipe holds enough of them already.
  [[maybe_unused]] const auto written = write(queue_descriptor, &letter, 1);
  errno = saved;
}

/// Whether a thread other than the main one would take a HUP. All of them block it, but while one is in
/// sigwait() for it the kernel shows it as not blocked.
bool somebody_takes_hup() {
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    if (task.path().filename() == std::to_string(getpid())) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with("SigBlk:")) continue;
      const auto blocked =
          std::strtoull(line.c_str() + line.find_first_of("0123456789abcdef", 7), nullptr, 16);
      if ((blocked >> (SIGHUP - 1) & 1) == 0) return true;
    }
  }
  return false;
}

extern "C" void on_signal(int number) {
  if (number == SIGHUP) {
    put_letter('r');
    return;
  }
  if (asked_to_stop != 0) _exit(0);
  asked_to_stop = 1;
  put_letter('s');
}

}  // namespace

Signals::Signals() {
  const int user[] = {SIGUSR1};
  const sigset_t set = set_of(guarded), user_set = set_of(user);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  pthread_sigmask(SIG_BLOCK, &user_set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  user_signal_ = signalfd(-1, &user_set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (user_signal_ < 0 || pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "no descriptors for signals");
  }
  queue_descriptor = pipe_[1];
}

Signals::~Signals() {
  // The write end stays open: a handler may run to the very end.
  close(pipe_[0]);
  close(user_signal_);
}

void Signals::stand_guard() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_NODEFER | SA_RESTART;
  for (const int number : guarded) sigaction(number, &action, nullptr);
  const sigset_t set = set_of(guarded);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<Signal> Signals::next(std::chrono::milliseconds patience) {
  constexpr auto longest = std::chrono::milliseconds(std::chrono::hours(1));
  const auto limit = std::clamp(patience, std::chrono::milliseconds(0), longest);
  pollfd either[] = {{.fd = pipe_[0], .events = POLLIN, .revents = 0},
                     {.fd = user_signal_, .events = POLLIN, .revents = 0}};
  if (poll(either, 2, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  char letters[512];
  if (const auto size = read(pipe_[0], letters, sizeof letters); size > 0) {
    // A hail of reloads is one, and a stop outranks it.
    const std::string_view all(letters, static_cast<std::size_t>(size));
    if (all.find('s') != all.npos) return Signal::stop;
    return all.find('e') != all.npos ? Signal::milter_ended : Signal::reload;
  }
  signalfd_siginfo info{};
  if (read(user_signal_, &info, sizeof info) == sizeof info) return Signal::reload;
  return std::nullopt;
}

void Signals::wait_for_rival(std::chrono::milliseconds limit) {
  constexpr auto step = std::chrono::milliseconds(1);
  for (auto waited = step; waited < limit && !somebody_takes_hup(); waited += step)
    std::this_thread::sleep_for(step);
}

void Signals::milter_ended() noexcept { put_letter('e'); }

}  // namespace fallbackmx
