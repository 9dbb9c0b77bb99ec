#include "test/fault/raw_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <utility>
#include <vector>

namespace fallbackmx {

namespace {

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// False when the connection is over.
bool say(int socket, const RawPart::Said& said) {
  const std::string_view all = said.bytes;
  while (said.endless) {
    if (!send_all(socket, all)) return false;
  }
  if (!said.single) return send_all(socket, all) && !said.close;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!send_all(socket, all.substr(i, 1))) return false;
  }
  return !said.close;
}

}  // namespace

RawServer::RawServer(std::function<std::unique_ptr<RawPart>()> part)
    : part_(std::move(part)),
      bell_(eventfd(0, EFD_CLOEXEC)),
      listener_(loopback_socket(SOCK_STREAM)),
      port_(port_of(listener_)) {
  must_succeed(listen(listener_.get(), SOMAXCONN), "listen");
  thread_ = std::thread([this] { run(); });
}

RawServer::~RawServer() {
  eventfd_write(bell_.get(), 1);
  thread_.join();
}

void RawServer::run() {
  for (;;) {
    std::vector<pollfd> watched{{bell_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const Client& client : clients_) watched.push_back({client.socket.get(), POLLIN, 0});
    poll(watched.data(), watched.size(), -1);
    if (watched[0].revents != 0) return;
    auto of = watched.begin() + 2;
    std::erase_if(clients_, [&](Client& client) { return (of++)->revents != 0 && !serve(client); });
    if (watched[1].revents != 0) accept_client();
  }
}

void RawServer::accept_client() {
  Client client{FileDescriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)), part_()};
  if (client.socket.get() < 0) return;
  const int on = 1;
  setsockopt(client.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};  // with who does not read
  setsockopt(client.socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (say(client.socket.get(), client.part->hear({}))) clients_.push_back(std::move(client));
}

bool RawServer::serve(Client& client) {
  char bytes[4096];
  const auto got = recv(client.socket.get(), bytes, sizeof bytes, 0);
  return got > 0 && say(client.socket.get(), client.part->hear({bytes, static_cast<std::size_t>(got)}));
}

}  // namespace fallbackmx
