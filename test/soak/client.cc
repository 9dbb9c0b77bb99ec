#include "test/soak/client.h"

#include <sys/socket.h>

#include <cstdlib>

namespace fallbackmx::soak {
namespace {

/// More than any answer takes: what takes longer is to be seen.
constexpr std::chrono::seconds reply_patience{60};

struct Reply {
  int code = 0;  ///< 0: none
  std::string text{};
};

Reply reply_from(Lines& lines) {
  Reply reply;
  for (std::string line; lines.read(line, reply_patience) == Lines::Got::line;) {
    if (line.size() < 3) return {};
    reply.text += (reply.text.empty() ? "" : " | ") + line.substr(std::min<std::size_t>(4, line.size()));
    if (line.size() == 3 || line[3] == ' ') {
      reply.code = std::atoi(line.c_str());
      return reply;
    }
  }
  return {};
}

Reply say(Lines& lines, const std::string& command) {
  lines.write(command + "\r\n");
  return reply_from(lines);
}

std::string message_text(long number, const std::string& recipient) {
  return "From: <friend@example.net>\r\nTo: <" + recipient + ">\r\nSubject: soak\r\n" +
         std::string(number_field) + std::to_string(number) + "\r\n\r\nHello.\r\n.";
}

}  // namespace

Attempt attempt_delivery(const std::string& fallback, long number, const std::string& recipient) {
  Attempt attempt;
  auto socket = connected_socket(SOCK_STREAM, fallback, 25, std::chrono::seconds(10));
  if (!socket) return attempt;
  Lines lines(std::move(*socket));
  if (reply_from(lines).code != 220 || say(lines, "EHLO client.example.net").code != 250) return attempt;
  const Reply to_mail = say(lines, "MAIL FROM:<friend@example.net>");
  if (to_mail.code != 250) {
    attempt.refused = to_mail.code >= 500;
    if (attempt.refused)
      attempt.answer = Answer{recipient, Clock::now(), Clock::now(), to_mail.code, to_mail.text};
    return attempt;
  }
  const Time asked = Clock::now();
  const Reply to_rcpt = say(lines, "RCPT TO:<" + recipient + ">");
  attempt.answer = Answer{recipient, asked, Clock::now(), to_rcpt.code, to_rcpt.text};
  attempt.refused = to_rcpt.code >= 500;
  if (to_rcpt.code / 100 == 2 && say(lines, "DATA").code == 354) {
    const Reply to_dot = say(lines, message_text(number, recipient));
    attempt.refused = to_dot.code >= 500;
    if (to_dot.code == 250) attempt.queue_id = to_dot.text.substr(to_dot.text.rfind(' ') + 1);
  }
  say(lines, "QUIT");
  return attempt;
}

}  // namespace fallbackmx::soak
