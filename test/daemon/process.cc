#include "test/daemon/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace fallbackmx {

namespace {

constexpr auto patience = std::chrono::seconds(60);  // for what must happen; nothing takes that long

/// What systemd tells a service to which it hands a socket.
void hand_over(int listening) {
  dup2(listening, 3);
  fcntl(3, F_SETFD, 0);  // which dup2() does not do when it was 3 already
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
}

/// Forks and executes; both streams go to the file `output`. `listening` is a socket to hand over, or -1.
pid_t start(const Directory& directory, const std::vector<std::string>& arguments, int listening = -1,
            const char* program = FALLBACKMX_MILTER, const char* output = "log",
            const char* input = nullptr) {
  std::vector<char*> argv{const_cast<char*>(program)};
  for (const auto& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  const std::string log = directory.path(output), notify = directory.path("notify");
  const pid_t pid = fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid > 0) return pid;
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  if (input != nullptr) dup2(open(input, O_RDONLY), STDIN_FILENO);
  setenv("NOTIFY_SOCKET", notify.c_str(), 1);
  setenv("WATCHDOG_USEC", "60000000", 1);
  if (listening >= 0) hand_over(listening);
  execv(program, argv.data());
  _exit(127);
}

int handle_of(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

int patience_ms() { return static_cast<int>(std::chrono::milliseconds(patience).count()); }

/// Waits for the end, for as long as the tests' patience lasts.
int status_of(pid_t pid, int handle) {
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  int status = 0;
  if (poll(&ended, 1, patience_ms()) <= 0 || waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Directory::Directory() {
  std::string name = (std::filesystem::temp_directory_path() / "fallbackmx.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Directory::write(std::string_view name, std::string_view text) const {
  std::ofstream(path(name)) << text;
}

std::string Directory::read(std::string_view name, std::size_t begin) const {
  std::ostringstream text;
  std::ifstream file(path(name));
  file.seekg(static_cast<std::streamoff>(begin));
  text << file.rdbuf();
  return text.str();
}

Ended run_program(const Directory& directory, const std::vector<std::string>& arguments) {
  std::filesystem::remove(directory.path("log"));
  const pid_t pid = start(directory, arguments);
  const int handle = handle_of(pid), status = status_of(pid, handle);
  close(handle);
  return {status, directory.read("log")};
}

Ended run_command(const Directory& directory, std::vector<std::string> words, const std::string& input) {
  std::filesystem::remove(directory.path("said"));
  words.insert(words.end(), {"-c", directory.path("milter.conf")});
  const pid_t pid = start(directory, words, -1, FALLBACKMX_COMMAND, "said", input.c_str());
  const int handle = handle_of(pid), status = status_of(pid, handle);
  close(handle);
  return {status, directory.read("said")};
}

DaemonProcess::DaemonProcess(const Directory& directory, std::vector<std::string> arguments, int listening)
    : directory_(directory), notifications_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  const std::string path = directory.path("notify");
  std::filesystem::remove(path);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  if (bind(notifications_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    throw std::system_error(errno, std::generic_category(), path);
  }
  arguments.insert(arguments.begin(), {"-c", directory.path("milter.conf")});
  pid_ = start(directory, arguments, listening);
  process_ = handle_of(pid_);
}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    if (wait() < 0) {
      ADD_FAILURE() << "the daemon does not end";
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  // Built with a sanitizer, the daemon's findings are in its own log.
  if (const std::string all = log(); all.find("Sanitizer") != std::string::npos) ADD_FAILURE() << all;
  close(notifications_);
  close(process_);
}

bool DaemonProcess::hears(std::string_view state) {
  for (;;) {
    pollfd either[] = {{.fd = notifications_, .events = POLLIN, .revents = 0},
                       {.fd = process_, .events = POLLIN, .revents = 0}};
    if (poll(either, 2, patience_ms()) <= 0 || either[0].revents == 0) return false;
    char text[256];
    const auto size = recv(notifications_, text, sizeof text, 0);
    if (size > 0 && std::string_view(text, static_cast<std::size_t>(size)).starts_with(state)) return true;
  }
}

void DaemonProcess::forget_notifications() const {
  for (char text[256]; recv(notifications_, text, sizeof text, MSG_DONTWAIT) >= 0;) {
  }
}

// To -1 it would go to every process there is.
void DaemonProcess::signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

std::size_t DaemonProcess::descriptors() const {
  const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid_) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

double DaemonProcess::processor_time() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(in, text);
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is the 14th
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

DaemonProcess::Memory DaemonProcess::memory() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  Memory memory;
  for (std::string name; in >> name;) {
    if (name == "VmRSS:") in >> memory.resident_kib;
    if (name == "Threads:") in >> memory.threads;
  }
  return memory;
}

std::size_t DaemonProcess::limit_descriptors(std::size_t limit) const {
  rlimit now{};
  prlimit(pid_, RLIMIT_NOFILE, nullptr, &now);
  const rlimit next{.rlim_cur = limit, .rlim_max = now.rlim_max};
  if (prlimit(pid_, RLIMIT_NOFILE, &next, nullptr) != 0)
    throw std::system_error(errno, std::generic_category(), "prlimit");
  return now.rlim_cur;
}

void DaemonProcess::signal_each_thread(int number) const {
  for (const auto& each : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task"))
    tgkill(pid_, std::stoi(each.path().filename().string()), number);
}

int DaemonProcess::wait() {
  const int status = status_of(pid_, process_);
  if (status >= 0) pid_ = -1;
  return status;
}

std::string configuration_of(const Parameters& usual, const std::string& more) {
  std::string text = more;
  for (const auto& [name, value] : usual) {
    if (('\n' + more).find('\n' + name + " =") == std::string::npos) text += name + " = " + value + '\n';
  }
  return text;
}

std::string usual_configuration(const Directory& directory, const std::string& more) {
  return configuration_of({{"milter_socket", "unix:" + directory.path("sock")},
                           {"control_socket", directory.path("control")},
                           {"address_verify_map", "memory:"},
                           {"log_target", "stderr"},
                           {"postfix_config_directory", ""},
                           {"myhostname", "fallback.example"},
                           {"smtpd_sender_restrictions", ""},
                           {"smtpd_recipient_restrictions", "reject_unverified_recipient"}},
                          more);
}

}  // namespace fallbackmx
