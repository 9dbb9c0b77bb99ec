// moody_dns: a name server on 127.0.0.1:53 whose answers stand in the name asked for. The first label has a
// letter each for MX, A and AAAA:
//
//   p  there is one        n  no such record     x  no such name, it says
//   z  a null MX           b  a malformed one    t  SERVFAIL
//
// pnn.dns.example has an MX record and no address. Names of another form do not exist. UDP only: all answers
// are short.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "test/fake/dns_wire.h"

namespace {

using fallbackmx::WirePacket;

constexpr int servfail = 2, nx_domain = 3;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

char mood(const std::string& name, const std::string& type) {
  static const std::map<std::string, std::size_t> places = {{"MX", 0}, {"A", 1}, {"AAAA", 2}};
  const auto place = places.find(type);
  const auto label = name.substr(0, name.find('.'));
  const bool speaks = label.size() == 3 && label.find_first_not_of("pnxzbt") == std::string::npos;
  if (!speaks) return 'x';
  return place == places.end() ? 'n' : label[place->second];
}

void answer(WirePacket& reply, const std::string& name, const std::string& type) {
  const std::string own = name + " 60 ";
  switch (mood(name, type)) {
    case 'p':
      reply.answer = {own + (type == "MX"  ? "MX 10 mail.dns.example"
                             : type == "A" ? "A 192.0.2.80"
                                           : "AAAA 2001:db8::80")};
      break;
    case 'z':
      reply.answer = {own + "MX 0 ."};
      break;
    case 'b':
      if (type == "MX") {
        reply.answer = {own + "MX 10 -bad-.dns.example"};
      } else {
        reply.answer = {
            own + "CNAME -bad-.dns.example",
            "-bad-.dns.example 60 " + std::string(type == "A" ? "A 192.0.2.80" : "AAAA 2001:db8::80")};
      }
      break;
    case 't':
      reply.rcode = servfail;
      break;
    case 'x':
      reply.rcode = nx_domain;
      [[fallthrough]];
    default:
      reply.authority = {"dns.example 60 SOA 60"};
  }
}

}  // namespace

int main() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(53);
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) {
    std::perror("moody_dns: bind");
    return 1;
  }
  for (char bytes[4096];;) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const auto got = recvfrom(socket, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) continue;
    const auto query = fallbackmx::read_query({bytes, static_cast<std::size_t>(got)});
    if (!query) continue;
    WirePacket reply{.id = query->id, .question = query->question, .edns = query->edns};
    const auto blank = query->question.find(' ');
    answer(reply, lower(query->question.substr(0, blank)), query->question.substr(blank + 1));
    const std::string text = reply.bytes();
    (void)!sendto(socket, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
  }
}
