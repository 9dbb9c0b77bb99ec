// A fallbackmx-milter of the tests' own: the real program, in a directory that goes with it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fallbackmx {

/// A temporary directory.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string path(std::string_view name) const { return (path_ / name).string(); }
  void write(std::string_view name, std::string_view text) const;
  /// From this byte on.
  std::string read(std::string_view name, std::size_t begin = 0) const;

 private:
  std::filesystem::path path_;
};

/// Runs the program to its end. `output` is what it wrote, both streams.
struct Ended {
  int status = -1;  ///< 128 + number for a signal
  std::string output{};
};
Ended run_program(const Directory&, const std::vector<std::string>& arguments);

/// The operator's command, for the daemon of the directory: `{"status", "--json"}`. It reads the file
/// `input`.
Ended run_command(const Directory&, std::vector<std::string> words, const std::string& input = "/dev/null");

/// A daemon that runs. Its configuration is milter.conf in the directory, its log (both streams) the file
/// log, its socket the file sock. What is told to the service manager is what the test waits for: nobody
/// polls or sleeps.
class DaemonProcess {
 public:
  /// `listening` is a socket of the caller's that is handed to it as systemd does it.
  explicit DaemonProcess(const Directory&, std::vector<std::string> arguments = {}, int listening = -1);
  /// Asks it to end if it still runs, so that sanitizers can look for leaks; not to end is a failure.
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  /// Waits for `READY=1`, `STOPPING=1`, ...; false if it never comes, or the process ends.
  bool hears(std::string_view state);
  /// Reads what was told so far, and forgets it.
  void forget_notifications() const;
  void signal(int number) const;
  /// That it has open now.
  std::size_t descriptors() const;
  /// Seconds of a processor that it has used.
  double processor_time() const;
  struct Memory {
    std::size_t resident_kib = 0, threads = 0;
  };
  Memory memory() const;
  /// Its limit from now on; returns the one before.
  std::size_t limit_descriptors(std::size_t limit) const;
  /// One for each thread that it has now.
  void signal_each_thread(int number) const;
  /// The exit status; 128 + number for a signal, -1 if it does not end.
  int wait();
  std::string socket() const { return directory_.path("sock"); }
  std::string log(std::size_t begin = 0) const { return directory_.read("log", begin); }

 private:
  const Directory& directory_;
  int notifications_ = -1, process_ = -1;  ///< readable when something was told, when it has ended
  pid_t pid_ = -1;
};

/// Names with their values.
using Parameters = std::vector<std::pair<std::string, std::string>>;
/// The lines of a configuration: `more`, and `usual` for what is not in there.
std::string configuration_of(const Parameters& usual, const std::string& more);

/// A configuration that every test can live with: own sockets, nothing kept, no DNS, log to standard error;
/// with `more` lines, which replace those of the same name.
std::string usual_configuration(const Directory&, const std::string& more = {});

}  // namespace fallbackmx
