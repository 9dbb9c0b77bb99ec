#include "test/fake/dns_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <utility>

namespace fallbackmx {

namespace {

/// One port for both protocols: the kernel chooses it for UDP, and rarely it is taken for TCP.
std::pair<FileDescriptor, FileDescriptor> sockets_for_dns() {
  for (int tries = 1;; ++tries) {
    try {
      auto udp = loopback_socket(SOCK_DGRAM);
      auto tcp = loopback_socket(SOCK_STREAM, port_of(udp));
      must_succeed(listen(tcp.get(), 16), "listen");
      return {std::move(udp), std::move(tcp)};
    } catch (const std::system_error&) {
      if (tries == 20) throw;
    }
  }
}

bool receive(const FileDescriptor& from, std::string& into) {
  return into.empty() ||
         recv(from.get(), into.data(), into.size(), MSG_WAITALL) == static_cast<ssize_t>(into.size());
}

std::optional<WirePacket> query_over_tcp(const FileDescriptor& from) {
  std::string length(2, '\0');
  if (!receive(from, length)) return std::nullopt;
  std::string bytes(static_cast<unsigned char>(length[0]) * 256u + static_cast<unsigned char>(length[1]),
                    '\0');
  return receive(from, bytes) ? read_query(bytes) : std::nullopt;
}

}  // namespace

DnsServer::DnsServer() : wake_(must_succeed(eventfd(0, EFD_CLOEXEC), "eventfd")) {
  std::tie(udp_, tcp_) = sockets_for_dns();
  address_ = {boost::asio::ip::address_v4::loopback(), port_of(udp_)};
  thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
}

void DnsServer::on(const std::string& question, Act act) {
  std::lock_guard lock(mutex_);
  script_.on(question, std::move(act));
}

void DnsServer::over_tcp(const std::string& question, Act act) {
  std::lock_guard lock(mutex_);
  script_.over_tcp(question, std::move(act));
}

void DnsServer::disturb(std::size_t nth, Act act) {
  std::lock_guard lock(mutex_);
  script_.disturb(nth, std::move(act));
}

void DnsServer::hold() {
  std::lock_guard lock(mutex_);
  held_ = true;
}

void DnsServer::release() {
  {
    std::lock_guard lock(mutex_);
    held_ = false;
  }
  wake();
}

void DnsServer::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] auto written = write(wake_.get(), &one, sizeof one);
}

std::size_t DnsServer::questions() const {
  std::lock_guard lock(mutex_);
  return questions_;
}

std::size_t DnsServer::questions_over_tcp() const {
  std::lock_guard lock(mutex_);
  return questions_over_tcp_;
}

void DnsServer::wait_for_questions(std::size_t count) const {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, std::chrono::minutes(1), [&] { return questions_ >= count; })) return;
  throw std::runtime_error(std::to_string(questions_) + " questions came, not " + std::to_string(count));
}

void DnsServer::serve() {
  for (;;) {
    pollfd pending[] = {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    poll(pending, 3, -1);
    if (pending[2].revents != 0) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] auto read_all = read(wake_.get(), &wakes, sizeof wakes);
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      answer_held_back();
    }
    if (pending[0].revents != 0) serve_udp();
    if (pending[1].revents != 0) serve_tcp();
  }
}

void DnsServer::answer_held_back() {
  std::vector<HeldBack> all;
  {
    std::lock_guard lock(mutex_);
    if (held_) return;
    all.swap(held_back_);
  }
  for (const auto& each : all) answer_over_udp(each.query, each.from);
}

DnsAct DnsServer::next_act(const std::string& question, bool tcp) {
  std::lock_guard lock(mutex_);
  return script_.next(question, tcp);
}

void DnsServer::serve_udp() {
  std::string bytes(65535, '\0');
  sockaddr_in from{};
  socklen_t from_size = sizeof from;
  const auto size =
      recvfrom(udp_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
  if (size < 0) return;
  const auto query = read_query({bytes.data(), static_cast<std::size_t>(size)});
  if (!query) return;
  {
    std::lock_guard lock(mutex_);
    ++questions_;
    changed_.notify_all();
    if (held_) {
      held_back_.push_back({*query, from});
      return;
    }
  }
  answer_over_udp(*query, from);
}

void DnsServer::answer_over_udp(const WirePacket& query, const sockaddr_in& to) {
  const auto say = [&](const FileDescriptor& from, const std::string& packet) {
    sendto(from.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  };
  const Act act = next_act(query.question, false);
  for (int i = 0; i < act.repeat_lies; ++i) {
    for (const Lie each : act.lies) {
      if (each == Lie::another_port) {
        say(loopback_socket(SOCK_DGRAM), lie_to(query, each));
      } else {
        say(udp_, lie_to(query, each));
      }
    }
  }
  if (!act.silent_to(query)) say(udp_, act.reply_to(query));
}

void DnsServer::serve_tcp() {
  FileDescriptor client(accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (client.get() < 0) return;
  const auto query = query_over_tcp(client);
  if (!query) return;
  {
    std::lock_guard lock(mutex_);
    ++questions_;
    ++questions_over_tcp_;
    changed_.notify_all();
  }
  const Act act = next_act(query->question, true);
  if (act.silent_to(*query)) {
    kept_in_silence_.push_back(std::move(client));
    return;
  }
  const std::string packet = act.lies.empty() ? act.reply_to(*query) : lie_to(*query, act.lies.front());
  const std::size_t announced = act.manner == Manner::cut ? packet.size() * 2 : packet.size();
  std::string message{static_cast<char>(announced >> 8), static_cast<char>(announced & 0xff)};
  message += packet;
  if (act.manner == Manner::in_two_writes) {
    send(client.get(), message.data(), 1, MSG_NOSIGNAL);
    message.erase(0, 1);
  }
  send(client.get(), message.data(), message.size(), MSG_NOSIGNAL);
}

}  // namespace fallbackmx
