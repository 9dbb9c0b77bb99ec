#include "test/soak/lying_dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace fallbackmx::soak {
namespace {

constexpr std::size_t header_size = 12;
constexpr int type_a = 1, type_mx = 15, type_aaaa = 28;
constexpr char servfail = 2, nxdomain = 3;

struct Asked {
  std::string name{};   ///< in lower case
  int type = 0;         ///< 0: this is no question
  std::size_t end = 0;  ///< where the question ends
};

Asked question_in(const std::string& packet) {
  Asked asked;
  std::size_t at = header_size;
  while (at < packet.size() && packet[at] != 0) {
    const auto length = static_cast<unsigned char>(packet[at]);
    if (!asked.name.empty()) asked.name += '.';
    for (const char c : packet.substr(at + 1, length)) {
      asked.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    at += 1U + length;
  }
  if (at + 5 > packet.size()) return {};
  asked.type = static_cast<unsigned char>(packet[at + 1]) << 8 | static_cast<unsigned char>(packet[at + 2]);
  asked.end = at + 5;
  return asked;
}

/// Header and question, and nothing more.
std::string refusal(const std::string& query, const Asked& asked, char code) {
  std::string reply = query.substr(0, asked.end);
  reply[2] = static_cast<char>(0x84 | (query[2] & 1));
  reply[3] = code;
  for (std::size_t i = 6; i < header_size; ++i) reply[i] = 0;
  return reply;
}

std::string in_four_bytes(const std::string& address) {
  in_addr raw{};
  inet_pton(AF_INET, address.c_str(), &raw);
  return {reinterpret_cast<const char*>(&raw), sizeof raw};
}

}  // namespace

std::string_view to_string(Word word) {
  constexpr std::string_view words[] = {"truth", "dead", "failing", "denying", "lying"};
  return words[static_cast<int>(word)];
}

LyingDns::LyingDns(std::string network, std::string address, std::string liar)
    : network_(std::move(network)), address_(std::move(address)), liar_(in_four_bytes(liar)) {
  thread_ = std::thread([this] { run(); });
}

LyingDns::~LyingDns() {
  stopping_ = true;
  thread_.join();
}

void LyingDns::run() {
  enter_network(network_);
  const Socket port = bound_socket(SOCK_DGRAM, address_, 5454);
  while (!stopping_) {
    if (!readable(port, milliseconds(100))) continue;
    char bytes[65536];
    sockaddr_in client{};
    socklen_t size = sizeof client;
    const auto got =
        recvfrom(port.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&client), &size);
    if (got < static_cast<ssize_t>(header_size)) continue;
    const std::string reply = answer_to({bytes, static_cast<std::size_t>(got)});
    if (!reply.empty())
      sendto(port.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&client), size);
  }
}

/// Nothing: no answer.
std::string LyingDns::answer_to(const std::string& query) const {
  const Word word = word_;
  const Asked asked = question_in(query);
  if (word == Word::dead || asked.type == 0) return "";
  const bool address = asked.type == type_a || asked.type == type_aaaa;
  const bool mx = asked.type == type_mx;
  if (word == Word::failing && (address || mx)) return refusal(query, asked, servfail);
  if (word == Word::denying && (address || (mx && asked.name != unsigned_zone))) {
    return refusal(query, asked, nxdomain);
  }
  if (word == Word::lying && asked.type == type_a) return lie_about(truth_about(query));
  return truth_about(query);
}

std::string LyingDns::truth_about(const std::string& query) const {
  const auto server = connected_socket(SOCK_DGRAM, address_, 5353, milliseconds(0));
  if (!server || send(server->get(), query.data(), query.size(), 0) < 0 ||
      !readable(*server, milliseconds(500))) {
    return "";
  }
  char bytes[65536];
  const auto got = recv(server->get(), bytes, sizeof bytes, 0);
  return {bytes, got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::string LyingDns::lie_about(std::string truth) const {
  // Type A, class IN, the TTL, four bytes. Nothing else in our zones looks like it.
  const std::string before("\0\1\0\1", 4), length("\0\4", 2);
  for (std::size_t at = header_size; (at = truth.find(before, at)) != std::string::npos; ++at) {
    if (truth.compare(at + 8, 2, length) == 0) truth.replace(at + 10, 4, liar_);
  }
  return truth;
}

}  // namespace fallbackmx::soak
