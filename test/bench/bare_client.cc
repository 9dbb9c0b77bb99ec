#include "test/bench/bare_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace fallbackmx {

namespace {

constexpr const char* ehlo = "EHLO client.example.net\r\n";

int connected_to(const std::string& address, int port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1)
    throw std::runtime_error("no address: " + address);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return socket;
  close(socket);
  throw std::runtime_error("no connection to " + address + ":" + std::to_string(port));
}

}  // namespace

BareClient::BareClient(const std::string& address, int port, bool tls)
    : socket_(connected_to(address, port)) {
  expect("220");
  send(ehlo);
  expect("250");
  if (!tls) return;
  start_tls();
  send(ehlo);
  expect("250");
}

BareClient::~BareClient() { close(socket_); }

void BareClient::start_tls() {
  send("STARTTLS\r\n");
  expect("220");
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
  tls_.reset(SSL_new(context_.get()));
  SSL_set_fd(tls_.get(), socket_);
  if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("no TLS 1.3");
}

void BareClient::send(const std::string& lines) {
  const int size = static_cast<int>(lines.size());
  const auto sent = tls_ ? SSL_write(tls_.get(), lines.data(), size)
                         : static_cast<int>(::send(socket_, lines.data(), lines.size(), MSG_NOSIGNAL));
  if (sent != size) throw std::runtime_error("the connection broke while writing");
}

std::string BareClient::line() {
  for (;;) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      std::string found = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return found;
    }
    char buffer[4096];
    const auto got = tls_ ? SSL_read(tls_.get(), buffer, sizeof buffer)
                          : static_cast<int>(recv(socket_, buffer, sizeof buffer, 0));
    if (got <= 0) throw std::runtime_error("the connection broke while reading");
    unread_.append(buffer, static_cast<std::size_t>(got));
  }
}

std::string BareClient::reply() {
  for (;;) {
    const std::string found = line();
    if (found.size() < 4 || found[3] != '-') return found.substr(0, 3);
  }
}

void BareClient::expect(const std::string& code) {
  if (const std::string got = reply(); got != code)
    throw std::runtime_error("wanted " + code + ", got " + got);
}

}  // namespace fallbackmx
