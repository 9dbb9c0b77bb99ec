#include "milter/control/control_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>

#include <cerrno>
#include <cstring>

namespace fallbackmx {

namespace {

constexpr std::size_t longest_reply = 16 * 1024 * 1024;

/// `root, or a member of the group _fallbackmx`
std::string who_may(const std::string& path) {
  struct stat found {};
  const group* entry = stat(path.c_str(), &found) == 0 ? getgrgid(found.st_gid) : nullptr;
  if (entry == nullptr || found.st_gid == 0) return "root";
  return fmt::format("root, or a member of the group {}", entry->gr_name);
}

}  // namespace

ControlReply ControlClient::unreachable(int why) const {
  switch (why) {
    case ENOENT:
      return control_error(
          EX_UNAVAILABLE,
          fmt::format(
              "there is no socket {}: fallbackmx-milter does not run, or its control_socket is another "
              "(-c FILE reads it from its configuration, --socket PATH names it)",
              path_));
    case ECONNREFUSED:
      return control_error(
          EX_UNAVAILABLE,
          fmt::format(
              "nobody answers at {}: fallbackmx-milter does not run; start it, and look at its log when "
              "it does not stay",
              path_));
    case EACCES:
    case EPERM:
      return control_error(EX_NOPERM, fmt::format("you may not connect to {}: be {}", path_, who_may(path_)));
    default:
      return control_error(EX_UNAVAILABLE,
                           fmt::format("cannot connect to {}: {}", path_, std::strerror(why)));
  }
}

std::optional<ControlReply> ControlClient::connect() {
  sockaddr_un address{};
  if (path_.empty())
    return control_error(EX_UNAVAILABLE, "control_socket is empty: the daemon cannot be talked to");
  if (path_.size() >= sizeof address.sun_path) return unreachable(ENAMETOOLONG);
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket_.get() < 0) return unreachable(errno);
  // Connecting blocks while more wait than the daemon has room for.
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return unreachable(errno);
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  stream_.emplace(socket_.get(), longest_reply);
  return std::nullopt;
}

ControlReply ControlClient::ask(const ControlRequest& request, std::chrono::seconds patience) {
  if (!stream_) {
    if (auto trouble = connect()) return *std::move(trouble);
  }
  const SteadyTime deadline = SystemClock().now() + patience;
  std::optional<std::string> line;
  if (stream_->write_line(to_line(request), deadline)) line = stream_->read_line(deadline);
  if (!line) {
    return control_error(
        EX_UNAVAILABLE,
        fmt::format("the daemon at {} took the question and did not answer it within {} s: it "
                    "is stopping, or in trouble; its log may say which",
                    path_, patience.count()));
  }
  auto reply = read_reply(*line);
  if (!reply) return control_error(EX_PROTOCOL, fmt::format("{}: {}", path_, reply.error()));
  return *std::move(reply);
}

}  // namespace fallbackmx
