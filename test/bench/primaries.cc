// Very many primaries: every address of its network namespace is one.
//
//   primaries PORT
//
// serves all connections in one thread, and says to each what a real primary does: PIPELINING and enhanced
// codes, 250 for known* and postmaster in whatever domain, 550 5.1.1 for everybody else. It takes no mail.
// Runs until it is killed.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr std::size_t longest_line = 2048;

bool begins(std::string_view line, std::string_view with) {
  return line.size() >= with.size() && std::equal(with.begin(), with.end(), line.begin(), [](char a, char b) {
           return a == (b >= 'a' && b <= 'z' ? b - 'a' + 'A' : b);
         });
}

std::string reply_to(std::string_view line) {
  if (begins(line, "EHLO")) return "250-primary.isp.example\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n";
  if (begins(line, "HELO")) return "250 primary.isp.example\r\n";
  if (begins(line, "MAIL FROM:") || begins(line, "RSET") || begins(line, "NOOP")) return "250 2.0.0 Ok\r\n";
  if (begins(line, "RCPT TO:<KNOWN") || begins(line, "RCPT TO:<POSTMASTER@")) return "250 2.1.5 Ok\r\n";
  if (begins(line, "RCPT TO:<")) return "550 5.1.1 Recipient address rejected: User unknown\r\n";
  if (begins(line, "QUIT")) return "221 2.0.0 Bye\r\n";
  return "502 5.5.2 Error: command not recognized\r\n";
}

/// The replies to all whole lines of `unread`, which keeps the rest. False after QUIT.
bool answer(std::string& unread, std::string& replies) {
  std::size_t from = 0;
  for (std::size_t end; (end = unread.find('\n', from)) != std::string::npos; from = end + 1) {
    const auto line = std::string_view(unread).substr(from, end - from);
    replies += reply_to(line);
    if (begins(line, "QUIT")) return false;
  }
  unread.erase(0, from);
  return unread.size() <= longest_line;
}

bool said(int socket, std::string_view text) {
  return send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(text.size());
}

class Primaries {
 public:
  explicit Primaries(int listener) : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    watch(listener_);
  }

  void serve() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int ready = events[static_cast<std::size_t>(i)].data.fd;
        if (ready == listener_)
          let_in();
        else if (!listen_to(ready))
          end(ready);
      }
    }
  }

 private:
  void watch(int socket) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void let_in() {
    for (int client; (client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
      const int on = 1;
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      unread_[client];
      watch(client);
      if (!said(client, "220 primary.isp.example ESMTP\r\n")) end(client);
    }
  }

  bool listen_to(int client) {
    std::array<char, 4096> buffer;
    const auto got = recv(client, buffer.data(), buffer.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    std::string& unread = unread_[client];
    unread.append(buffer.data(), static_cast<std::size_t>(got));
    std::string replies;
    const bool goes_on = answer(unread, replies);
    return said(client, replies) && goes_on;
  }

  void end(int client) {
    close(client);
    unread_.erase(client);
  }

  const int listener_, epoll_;
  std::unordered_map<int, std::string> unread_{};
};

int listener_at(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(listener, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) return -1;
  return listen(listener, 4096) == 0 ? listener : -1;
}

void as_many_descriptors_as_may_be() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: primaries PORT\n";
    return 64;
  }
  as_many_descriptors_as_may_be();
  const int listener = listener_at(std::atoi(argv[1]));
  if (listener < 0) {
    std::cerr << "primaries: cannot listen on port " << argv[1] << "\n";
    return 1;
  }
  Primaries(listener).serve();
}
