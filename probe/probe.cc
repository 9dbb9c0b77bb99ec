#include "probe/probe.h"

namespace fallbackmx {

std::string_view command_of(Stage stage) {
  switch (stage) {
    case Stage::ehlo:
      return "EHLO";
    case Stage::starttls:
      return "STARTTLS";
    case Stage::mail:
      return "MAIL";
    case Stage::rcpt:
      return "RCPT";
    case Stage::rset:
      return "RSET";
    case Stage::quit:
      return "QUIT";
    default:
      return "the connection";
  }
}

ProbeResult said(Verdict verdict, Stage stage, const Endpoint& server, const SmtpReply& reply) {
  ProbeResult result{.verdict = verdict, .stage = stage, .primary = server.text()};
  result.code = reply.code;
  result.dsn = reply.dsn;
  std::string text = reply.text();
  if (!reply.dsn.empty() && text.starts_with(reply.dsn)) {
    text.erase(0, reply.dsn.size());
    text.erase(0, text.find_first_not_of(' '));
  }
  result.words = printable(text);
  result.why = result.primary + " said " + std::to_string(reply.code) + " " + printable(reply.text()) +
               " (in reply to " + std::string(command_of(stage)) + ")";
  return result;
}

ProbeResult befell(Verdict verdict, Stage stage, const Endpoint& server, std::string_view trouble) {
  ProbeResult result{.verdict = verdict, .stage = stage, .primary = server.text()};
  result.why =
      result.primary + ": " + std::string(trouble) + " (at stage " + std::string(to_string(stage)) + ")";
  return result;
}

}  // namespace fallbackmx
