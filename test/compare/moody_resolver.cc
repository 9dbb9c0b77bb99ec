// moody_resolver ADDRESS TRUTH FILE: a name server at port 53 of an IPv4 address, which asks the one at TRUTH
// and passes its answers on, but for the domains in FILE, a line each: `silent DOMAIN` or `servfail DOMAIN`,
// with all names below it.
// `.` is every name. The file is read anew for each question. UDP only: all answers are short. One thread,
// which never waits for the truth; runs until it is killed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <deque>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/base/file_descriptor.h"
#include "test/fake/dns_wire.h"

namespace {

using fallbackmx::FileDescriptor;

constexpr std::size_t most_on_their_way = 200;  ///< beyond, the oldest is given up

struct OnItsWay {
  FileDescriptor truth;
  sockaddr_in client;
};

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

bool within(std::string_view name, std::string_view domain) {
  return domain == "." || name == domain ||
         (name.size() > domain.size() && name.ends_with(domain) &&
          name[name.size() - domain.size() - 1] == '.');
}

/// `silent`, `servfail`, or nothing.
std::string mood_of(const std::string& name, const char* file) {
  std::ifstream in(file);
  for (std::string mood, domain; in >> mood >> domain;) {
    if (within(name, domain)) return mood;
  }
  return "";
}

sockaddr_in port_53_of(const char* address) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(53);
  inet_pton(AF_INET, address, &name.sin_addr);
  return name;
}

FileDescriptor datagrams() { return FileDescriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }

class Resolver {
 public:
  Resolver(FileDescriptor port, sockaddr_in truth, const char* moods)
      : port_(std::move(port)), truth_(truth), moods_(moods) {}

  [[noreturn]] void run() {
    for (;;) {
      std::vector<pollfd> polled{{port_.get(), POLLIN, 0}};
      for (const auto& each : on_their_way_) polled.push_back({each.truth.get(), POLLIN, 0});
      poll(polled.data(), polled.size(), -1);
      pass_on();
      take_question();
    }
  }

 private:
  void take_question() {
    char bytes[4096];
    sockaddr_in client{};
    socklen_t size = sizeof client;
    const auto got =
        recvfrom(port_.get(), bytes, sizeof bytes, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&client), &size);
    if (got < 0) return;
    const std::string_view packet(bytes, static_cast<std::size_t>(got));
    const auto query = fallbackmx::read_query(packet);
    if (!query) return;
    const std::string mood = mood_of(lower(query->question.substr(0, query->question.find(' '))), moods_);
    if (mood.empty()) ask(packet, client);
    if (mood != "servfail") return;
    const fallbackmx::WirePacket reply{
        .id = query->id, .question = query->question, .rcode = 2, .edns = query->edns};
    tell(reply.bytes(), client);
  }

  void ask(std::string_view packet, const sockaddr_in& client) {
    auto socket = datagrams();
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&truth_), sizeof truth_) != 0) return;
    (void)!send(socket.get(), packet.data(), packet.size(), 0);
    on_their_way_.push_back({std::move(socket), client});
    if (on_their_way_.size() > most_on_their_way) on_their_way_.pop_front();
  }

  void pass_on() {
    std::erase_if(on_their_way_, [this](const OnItsWay& each) {
      char bytes[4096];
      const auto got = recv(each.truth.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) return false;
      if (got > 0) tell({bytes, static_cast<std::size_t>(got)}, each.client);
      return true;  // answered, or nobody is there
    });
  }

  void tell(std::string_view packet, const sockaddr_in& client) {
    (void)!sendto(port_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&client),
                  sizeof client);
  }

  const FileDescriptor port_;
  const sockaddr_in truth_;
  const char* const moods_;
  std::deque<OnItsWay> on_their_way_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: moody_resolver ADDRESS TRUTH FILE\n");
    return 64;
  }
  auto port = datagrams();
  const auto here = port_53_of(argv[1]);
  if (bind(port.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) {
    std::perror("moody_resolver: bind");
    return 1;
  }
  Resolver(std::move(port), port_53_of(argv[2]), argv[3]).run();
}
