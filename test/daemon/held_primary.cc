#include "test/daemon/held_primary.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>

namespace fallbackmx {

namespace {

void say(int client, const std::string& line) { send(client, line.data(), line.size(), MSG_NOSIGNAL); }

/// False at the end of the connection.
bool read_line(int client, std::string& line) {
  line.clear();
  for (char c = 0; recv(client, &c, 1, 0) == 1;) {
    if (c == '\n') return true;
    line += c;
  }
  return false;
}

bool is_known(const std::string& rcpt) {
  constexpr std::string_view known[] = {"RCPT TO:<user", "RCPT TO:<second@", "RCPT TO:<postmaster@"};
  return std::any_of(std::begin(known), std::end(known),
                     [&](std::string_view each) { return rcpt.starts_with(each); });
}

}  // namespace

HeldPrimary::HeldPrimary(bool held) : listener_(loopback_socket(SOCK_STREAM)), held_(held) {
  must_succeed(listen(listener_.get(), 100), "listen");
  port_ = port_of(listener_);
  accepting_ = std::thread([this] { accept_all(); });
}

HeldPrimary::~HeldPrimary() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    held_ = false;
    for (const int client : clients_) shutdown(client, SHUT_RDWR);
  }
  changed_.notify_all();
  shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  for (auto& each : serving_) each.join();
  for (const int client : clients_) close(client);
}

void HeldPrimary::release() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  changed_.notify_all();
}

bool HeldPrimary::wait_for_client() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return !clients_.empty(); });
}

void HeldPrimary::accept_all() {
  for (int client; (client = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    const std::lock_guard lock(mutex_);
    clients_.push_back(client);
    if (stopping_) shutdown(client, SHUT_RDWR);
    serving_.emplace_back([this, client] { serve(client); });
    changed_.notify_all();
  }
}

void HeldPrimary::serve(int client) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
  }
  say(client, "220 primary.example ESMTP\r\n");
  for (std::string line; read_line(client, line);) {
    if (line.starts_with("RCPT TO:<") && !is_known(line)) {
      say(client, "550 5.1.1 No such user\r\n");
    } else if (line.starts_with("QUIT")) {
      say(client, "221 2.0.0 Bye\r\n");
      return;
    } else {
      say(client, "250 2.0.0 Ok\r\n");
    }
  }
}

}  // namespace fallbackmx
