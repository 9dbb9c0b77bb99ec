#include "milter/libmilter/listener.h"

#include <grp.h>
#include <libmilter/mfapi.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>

namespace fallbackmx {

namespace {

Error trouble(const std::string& what, const std::string& path) {
  return {"milter_socket: " + what + ' ' + path + ": " + std::strerror(errno)};
}

std::optional<gid_t> group_named(const std::string& name) {
  std::array<char, 16384> buffer;
  group entry{}, *found = nullptr;
  if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return found->gr_gid;
}

}  // namespace

Listener::~Listener() {
  if (thread_.joinable()) thread_.detach();  // libmilter's loop cannot be made to end
}

std::optional<Error> Listener::free_to_listen() const {
  if (socket_.kind != MilterSocket::Kind::path) return std::nullopt;
  struct stat found {};
  if (lstat(socket_.path.c_str(), &found) != 0) {
    return errno == ENOENT ? std::nullopt : std::optional(trouble("cannot look at", socket_.path));
  }
  if (!S_ISSOCK(found.st_mode))
    return Error{"milter_socket: " + socket_.path + " is there, and is no socket"};
  const auto address = own_address(socket_);
  if (address && somebody_listens(*address)) {
    return Error{"milter_socket: another process already listens on " + socket_.path};
  }
  if (errno == ECONNREFUSED || errno == ENOENT) return std::nullopt;
  return trouble("cannot find out whether anybody listens on", socket_.path);
}

std::optional<Error> Listener::open() {
  if (smfi_setconn(socket_.for_libmilter().data()) != MI_SUCCESS) {
    return Error{"milter_socket: libmilter does not understand " + socket_.for_libmilter()};
  }
  const bool is_path = socket_.kind == MilterSocket::Kind::path;
  // Made with its mode: nobody finds it too open or too closed for a moment.
  const mode_t before = umask(static_cast<mode_t>(~mode_ & 0777));
  errno = 0;
  const bool opened = smfi_opensocket(is_path) == MI_SUCCESS;
  const int why = errno;
  umask(before);
  if (!opened) {
    const std::string reason = why == 0 ? "" : std::string(": ") + std::strerror(why);
    return Error{"milter_socket: cannot listen on " + socket_.for_libmilter() + reason};
  }
  return is_path ? hand_over() : std::nullopt;
}

/// To the MTA's group.
std::optional<Error> Listener::hand_over() {
  struct stat made {};
  if (lstat(socket_.path.c_str(), &made) == 0) made_ = {made.st_dev, made.st_ino};
  std::optional<Error> error;
  if (!group_.empty()) {
    const auto group = group_named(group_);
    if (!group) {
      error = Error{"milter_socket_group: there is no group " + group_};
    } else if (chown(socket_.path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
      error = trouble("cannot give to group " + group_ + " the socket", socket_.path);
    }
  }
  if (error) remove();
  return error;
}

void Listener::start(Signals& signals) {
  std::promise<void> end;
  ended_ = end.get_future();
  thread_ = std::thread([&signals, end = std::move(end)]() mutable {
    smfi_main();
    end.set_value();
    signals.milter_ended();
  });
}

bool Listener::stop(Kick& kick, std::chrono::milliseconds limit) {
  // smfi_stop() waits for a lock that libmilter's loop holds while it polls, for up to five seconds; any
  // connection ends the poll. It may come too early, hence several. Some stops take a second all the same:
  // one that comes when libmilter's pool has ended makes its listener sleep so long.
  try {
    std::thread([] { smfi_stop(); }).detach();
  } catch (const std::exception&) {  // out of threads or memory: then it has to be waited for
    smfi_stop();
  }
  constexpr auto step = std::chrono::milliseconds(20);
  for (auto waited = step; waited < limit; waited += step) {
    kick.now();
    if (ended_.wait_for(step) == std::future_status::ready) return true;
  }
  return false;
}

void Listener::remove() {
  struct stat there {};
  if (!made_ || lstat(socket_.path.c_str(), &there) != 0) return;
  if (std::pair(there.st_dev, there.st_ino) == *made_) unlink(socket_.path.c_str());
}

}  // namespace fallbackmx
