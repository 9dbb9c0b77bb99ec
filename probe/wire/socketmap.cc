#include "probe/wire/socketmap.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>

#include "probe/base/file_descriptor.h"
#include "probe/base/text_file.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

using Time = std::chrono::steady_clock::time_point;
constexpr std::size_t longest_reply = 100'000;

Error trouble(std::string_view what) { return {fmt::format("{}: {}", what, std::strerror(errno))}; }

/// False when the deadline has come.
bool wait_for(int descriptor, short events, Time deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd one{descriptor, events, 0};
    if (poll(&one, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

Error no_answer() { return {"no answer in time"}; }

Result<FileDescriptor> connected(const SocketmapName& map, Time deadline) {
  const auto reach = [&](int family, const sockaddr* address, std::size_t size) -> Result<FileDescriptor> {
    FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) return trouble("cannot connect");
    if (::connect(socket.get(), address, static_cast<socklen_t>(size)) == 0) return socket;
    // EAGAIN: a UNIX-domain socket whose queue of clients is full.
    if (errno != EINPROGRESS) return trouble("cannot connect");
    if (!wait_for(socket.get(), POLLOUT, deadline)) return no_answer();
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    errno = error;
    if (error != 0) return trouble("cannot connect");
    return socket;
  };
  if (map.path.empty()) {
    const boost::asio::ip::tcp::endpoint to(boost::asio::ip::make_address(map.address), map.port);
    return reach(to.protocol().family(), to.data(), to.size());
  }
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  map.path.copy(to.sun_path, sizeof to.sun_path - 1);
  return reach(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

std::optional<Error> send_all(int socket, std::string_view bytes, Time deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return trouble("cannot ask");
    } else if (!wait_for(socket, POLLOUT, deadline)) {
      return no_answer();
    }
  }
  return std::nullopt;
}

/// What a complete netstring says; nothing when it is not complete yet.
Result<std::optional<std::string>> netstring(const std::string& bytes) {
  const auto colon = bytes.find(':');
  const auto digits = bytes.substr(0, colon);
  if (digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string::npos)
    return Error{"the answer is no netstring"};
  if (colon == std::string::npos) return std::optional<std::string>();
  const std::size_t length = digits.empty() ? longest_reply + 1 : std::stoul(digits);
  if (length > longest_reply) return Error{"the answer is no netstring, or too long"};
  if (bytes.size() < colon + length + 2) return std::optional<std::string>();
  if (bytes[colon + 1 + length] != ',') return Error{"the answer is no netstring"};
  return std::optional(bytes.substr(colon + 1, length));
}

Result<std::string> receive(int socket, Time deadline) {
  std::string bytes;
  for (;;) {
    char piece[4096];
    const auto got = ::recv(socket, piece, sizeof piece, 0);
    if (got == 0) return Error{"hung up without an answer"};
    if (got < 0 && errno != EAGAIN && errno != EINTR) return trouble("no answer");
    if (got < 0) {
      if (!wait_for(socket, POLLIN, deadline)) return no_answer();
      continue;
    }
    bytes.append(piece, static_cast<std::size_t>(got));
    auto whole = netstring(bytes);
    if (!whole) return Error{whole.error()};
    if (*whole) return **std::move(whole);
  }
}

Result<std::string> ask(const SocketmapName& map, const std::string& key, Time deadline) {
  const auto socket = connected(map, deadline);
  if (!socket) return Error{socket.error()};
  const auto question = map.map + " " + key;
  if (auto error = send_all(socket->get(), fmt::format("{}:{},", question.size(), question), deadline))
    return *std::move(error);
  return receive(socket->get(), deadline);
}

/// `OK text`, `NOTFOUND `, `TEMP why`, `TIMEOUT why`, `PERM why`.
Result<std::optional<std::string>> meaning(const SocketmapName& map, const std::string& reply) {
  const auto status = std::string_view(reply).substr(0, reply.find(' '));
  const auto rest = stripped(std::string_view(reply).substr(status.size()));
  if (status == "OK") return std::optional<std::string>(rest);
  if (status == "NOTFOUND") return std::optional<std::string>();
  return Error{fmt::format("{} says {}", map.text, printable(reply, 200))};
}

}  // namespace

std::optional<Socketmaps::Answer> Socketmaps::known(const SocketmapName& map, const std::string& key) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (const Kept* known = answers_.find(map.text + " " + key); known != nullptr && now < known->until)
    return known->answer;
  const Server& server = servers_[map.text];
  if (now < server.quiet_until) return Answer(Error{fmt::format("{}: {}", map.text, server.why)});
  return std::nullopt;
}

Result<std::optional<std::string>> Socketmaps::look_up(const SocketmapName& map, const std::string& key,
                                                       SteadyTime deadline) {
  if (auto answer = known(map, key)) return *std::move(answer);
  const auto left = std::min<SteadyTime::duration>(patience, deadline - clock_.now());
  const auto reply = ask(map, key, std::chrono::steady_clock::now() + left);
  const auto now = clock_.now();
  Answer answer =
      reply ? meaning(map, *reply) : Answer(Error{fmt::format("{}: {}", map.text, reply.error())});
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    Server& server = servers_[map.text];
    first = !reply && server.why.empty();
    server.why = reply ? "" : reply.error();
    // A client that had less time than the server has is no evidence against it.
    if (!reply && left >= patience / 2) server.quiet_until = now + quiet_time;
    if (reply) answers_.touch(map.text + " " + key) = {answer, now + (answer ? kept : quiet_time)};
  }
  if (first)
    log_.warning(
        fmt::format("{}: {}: TLS policies are unknown until it answers, and no primary is asked without",
                    map.text, reply.error()));
  return answer;
}

}  // namespace fallbackmx
