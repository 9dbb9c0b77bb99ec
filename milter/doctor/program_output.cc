#include "milter/doctor/program_output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace fallbackmx {

namespace {

constexpr std::size_t most_output = 1 << 20;

/// The parent's end of a pipe, closed at the end.
class ReadingEnd {
 public:
  explicit ReadingEnd(int fd) : fd_(fd) {}
  ~ReadingEnd() { close(fd_); }
  ReadingEnd(const ReadingEnd&) = delete;
  ReadingEnd& operator=(const ReadingEnd&) = delete;

  /// Everything up to the end; nothing when it takes too long, or is too much.
  std::optional<std::string> read_all(std::chrono::steady_clock::time_point deadline) const {
    std::string all;
    std::array<char, 4096> chunk;
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd readable{fd_, POLLIN, 0};
      if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) == 0) return std::nullopt;
      const auto got = ::read(fd_, chunk.data(), chunk.size());
      if (got == 0) return all;
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 || all.size() + static_cast<std::size_t>(got) > most_output) return std::nullopt;
      all.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  const int fd_;
};

/// What the child's descriptors shall be.
class FileActions {
 public:
  explicit FileActions(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Result<std::string> program_output(const std::vector<std::string>& command, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error{std::string("no pipe: ") + std::strerror(errno)};
  const ReadingEnd output(ends[0]);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const FileActions actions(ends[1]);
  const int failed =
      posix_spawnp(&child, arguments.front(), actions.get(), nullptr, arguments.data(), environ);
  close(ends[1]);
  if (failed != 0) return Error{command.front() + ": " + std::strerror(failed)};
  auto all = output.read_all(deadline);
  if (!all) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!all) return Error{command.front() + " printed too much, or took too long"};
  if (status != 0) return Error{command.front() + " failed"};
  return *std::move(all);
}

}  // namespace fallbackmx
