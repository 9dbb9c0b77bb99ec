#include "test/fake/dns_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace fallbackmx {

namespace {

constexpr int rcode_formerr = 1, rcode_servfail = 2, rcode_nxdomain = 3;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool bind_to(int fd, std::uint16_t port) {
  const auto address = loopback(port);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  checked(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

bool receive(int fd, std::string& into) {
  return into.empty() || recv(fd, into.data(), into.size(), MSG_WAITALL) == static_cast<ssize_t>(into.size());
}

}  // namespace

DnsServer::DnsServer() {
  udp_ = checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  // One port free for both protocols: the kernel picks for UDP, and rarely it is taken for TCP.
  for (int tries = 0; tries < 20; ++tries) {
    tcp_ = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    if (!bind_to(udp_, 0)) throw std::system_error(errno, std::generic_category(), "bind");
    if (bind_to(tcp_, port_of(udp_)) && listen(tcp_, 16) == 0) break;
    close(tcp_);
    close(udp_);
    udp_ = checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  }
  wake_ = checked(eventfd(0, EFD_CLOEXEC), "eventfd");
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
  for (const int fd : open_connections_) close(fd);
  for (const int fd : {udp_, tcp_, wake_}) close(fd);
}

void DnsServer::on(const std::string& question, Act act) {
  std::lock_guard lock(mutex_);
  acts_[question].push_back(std::move(act));
}

void DnsServer::over_tcp(const std::string& question, Act act) {
  std::lock_guard lock(mutex_);
  tcp_acts_[question].push_back(std::move(act));
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
  [[maybe_unused]] auto written = write(wake_, &one, sizeof one);
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
    pollfd pending[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}, {wake_, POLLIN, 0}};
    poll(pending, 3, -1);
    if (pending[2].revents != 0) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] auto read_all = read(wake_, &wakes, sizeof wakes);
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

void DnsServer::disturb(std::size_t nth, Act act) {
  std::lock_guard lock(mutex_);
  until_disturbed_ = nth;
  disturbed_ = std::move(act);
}

DnsServer::Act DnsServer::next_act(const std::string& question, bool tcp) {
  std::lock_guard lock(mutex_);
  if (!tcp && until_disturbed_ > 0 && --until_disturbed_ == 0) return disturbed_;
  auto& acts = tcp && tcp_acts_.contains(question) ? tcp_acts_ : acts_;
  const auto found = acts.find(question);
  if (found == acts.end()) return {.reply = {.rcode = rcode_servfail}};
  Act act = found->second.front();
  if (found->second.size() > 1) found->second.erase(found->second.begin());
  return act;
}

std::string DnsServer::reply_to(const WirePacket& query, const Act& act) const {
  WirePacket reply = act.reply;
  if (act.manner == Manner::formerr_to_edns && query.edns) reply = {.rcode = rcode_formerr};
  reply.id = query.id;
  reply.question = query.question;
  const std::string bytes = reply.bytes();
  return act.manner == Manner::cut ? bytes.substr(0, bytes.size() / 2) : bytes;
}

std::string DnsServer::lie(const WirePacket& query, Lie lie) const {
  WirePacket packet{.id = query.id, .question = query.question, .ad = true, .rcode = rcode_nxdomain};
  switch (lie) {
    case Lie::wrong_id:
      packet.id = static_cast<std::uint16_t>(packet.id + 1);
      break;
    case Lie::wrong_name:
      packet.question = "evil." + packet.question;
      break;
    case Lie::wrong_type:
      packet.question = packet.question.substr(0, packet.question.find(' ')) + " SOA";
      break;
    case Lie::no_question:
      packet.question.clear();
      break;
    case Lie::query:
      packet.reply = false;
      break;
    case Lie::garbage:
      return "220 mx1.example.org ESMTP\r\n";
    case Lie::empty:
      return {};
    case Lie::another_port:
      break;
  }
  return packet.bytes();
}

void DnsServer::serve_udp() {
  std::string bytes(65535, '\0');
  sockaddr_in from{};
  socklen_t from_size = sizeof from;
  const auto size =
      recvfrom(udp_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
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
  const auto say = [&](int fd, const std::string& packet) {
    sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  };
  const Act act = next_act(query.question, false);
  for (int i = 0; i < act.repeat_lies; ++i) {
    for (const Lie each : act.lies) {
      if (each != Lie::another_port) {
        say(udp_, lie(query, each));
        continue;
      }
      const int other = checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
      say(other, lie(query, each));
      close(other);
    }
  }
  if (act.manner != Manner::silent) say(udp_, reply_to(query, act));
}

void DnsServer::serve_tcp() {
  const int fd = accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  std::string length(2, '\0');
  std::string bytes;
  if (receive(fd, length)) {
    bytes.resize(static_cast<unsigned char>(length[0]) * 256u + static_cast<unsigned char>(length[1]));
  }
  const auto query = receive(fd, bytes) ? read_query(bytes) : std::nullopt;
  if (!query) {
    close(fd);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    ++questions_;
    ++questions_over_tcp_;
    changed_.notify_all();
  }
  const Act act = next_act(query->question, true);
  if (act.manner == Manner::silent) {
    open_connections_.push_back(fd);
    return;
  }
  const std::string packet = act.lies.empty() ? reply_to(*query, act) : lie(*query, act.lies.front());
  std::size_t announced = packet.size();
  if (act.manner == Manner::cut) announced *= 2;
  const std::string prefix{static_cast<char>(announced >> 8), static_cast<char>(announced & 0xff)};
  const std::string message = prefix + packet;
  const std::size_t half = act.manner == Manner::half_of_it_twice ? 1 : 0;
  if (half != 0) send(fd, message.data(), half, MSG_NOSIGNAL);
  send(fd, message.data() + half, message.size() - half, MSG_NOSIGNAL);
  close(fd);
}

}  // namespace fallbackmx
