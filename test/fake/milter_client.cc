#include "test/fake/milter_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace fallbackmx {

namespace {

std::string number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 0xff);
  return bytes;
}

// libmilter/mfdef.h: SMFIP_NR_CONN, SMFIP_NR_HELO, SMFIP_NR_MAIL
constexpr std::uint32_t connect_unanswered = 0x1000, helo_unanswered = 0x2000, mail_unanswered = 0x4000;

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

std::string with_nul(std::string_view text) { return std::string(text) + '\0'; }

}  // namespace

std::string MilterAnswer::told() const {
  switch (letter) {
    case 'c':
      return "continue";
    case 'y':
      return text;
    case '-':
      return "silence";
    case '!':
      return "end";
    case 'n':
      return "not awaited";
    default:
      return std::string(1, letter);
  }
}

MilterClient::MilterClient(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return;
  throw std::system_error(errno, std::generic_category(), "no milter at " + path);
}

void MilterClient::hang_up() { socket_ = FileDescriptor(); }

void MilterClient::bytes(std::string_view raw) {
  while (!raw.empty()) {
    const auto sent = ::send(socket_.get(), raw.data(), raw.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the answer will be the end of the connection
    raw.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void MilterClient::packet(char command, std::string_view payload) {
  bytes(number(static_cast<std::uint32_t>(payload.size() + 1)) + command + std::string(payload));
}

char MilterClient::read_exactly(std::string& into, std::size_t count,
                                std::chrono::steady_clock::time_point deadline) {
  into.clear();
  while (into.size() < count) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&readable, 1, std::max(0, static_cast<int>(left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return '-';
    char buffer[4096];
    const auto got = ::recv(socket_.get(), buffer, std::min(sizeof buffer, count - into.size()), 0);
    if (got <= 0) return '!';
    into.append(buffer, static_cast<std::size_t>(got));
  }
  return 0;
}

MilterAnswer MilterClient::answer(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string head, body;
  if (const char none = read_exactly(head, 5, deadline)) return {.letter = none};
  if (const char none = read_exactly(body, number_at(head, 0) - 1, deadline)) return {.letter = none};
  while (!body.empty() && body.back() == '\0' && head[4] == 'y') body.pop_back();
  return {.letter = head[4], .text = body};
}

std::optional<MilterOptions> MilterClient::negotiate(std::uint32_t actions, std::uint32_t protocol) {
  packet('O', number(6) + number(actions) + number(protocol));
  const MilterAnswer got = answer();
  if (got.letter != 'O' || got.text.size() < 12) return std::nullopt;
  agreed_ = number_at(got.text, 8);
  MilterOptions options{number_at(got.text, 0), number_at(got.text, 4), agreed_};
  for (std::size_t at = 12; at + 4 < got.text.size();) {
    const std::string names = got.text.c_str() + at + 4;
    options.macros.emplace_back(number_at(got.text, at), names);
    at += 4 + names.size() + 1;
  }
  return options;
}

void MilterClient::send_macros(char command, const Macros& macros) {
  std::string payload(1, command);
  for (const auto& [name, value] : macros) payload += with_nul(name) + with_nul(value);
  packet('D', payload);
}

MilterAnswer MilterClient::answer_unless(std::uint32_t without_answer) {
  return (agreed_ & without_answer) != 0 ? MilterAnswer{.letter = 'n'} : answer();
}

MilterAnswer MilterClient::connect(const std::string& name, const std::string& address) {
  send_macros('C', {{"j", "mta.example"}});
  const bool v6 = address.find(':') != std::string::npos;
  packet('C', with_nul(name) + (v6 ? '6' : '4') + "\x10\x01" + with_nul(v6 ? "IPv6:" + address : address));
  return answer_unless(connect_unanswered);
}

MilterAnswer MilterClient::connect_unknown() {
  packet('C', with_nul("unknown") + 'U');
  return answer_unless(connect_unanswered);
}

MilterAnswer MilterClient::helo(const std::string& name) {
  packet('H', with_nul(name));
  return answer_unless(helo_unanswered);
}

MilterAnswer MilterClient::mail(const std::string& sender, const Macros& macros) {
  send_macros('M', macros);
  packet('M', with_nul(sender));
  return answer_unless(mail_unanswered);
}

void MilterClient::send_rcpt(const std::string& recipient, const Macros& macros) {
  send_macros('R', macros);
  packet('R', with_nul(recipient));
}

MilterAnswer MilterClient::rcpt(const std::string& recipient, const Macros& macros) {
  send_rcpt(recipient, macros);
  return answer();
}

MilterAnswer MilterClient::end_of_message(const Macros& macros) {
  send_macros('E', macros);
  packet('E', "");
  return answer();
}

void MilterClient::abort() { packet('A', ""); }

void MilterClient::quit() { packet('Q', ""); }

}  // namespace fallbackmx
