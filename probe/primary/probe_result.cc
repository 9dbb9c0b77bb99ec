#include "probe/primary/probe_result.h"

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
  ProbeResult result{.verdict = verdict, .stage = stage, .primary = server.text(), .code = reply.code};
  if (verdict == Verdict::unavailable) result.server = server.key();
  result.dsn = reply.dsn;
  result.words = printable(reply.text());
  const std::string dsn = reply.dsn.empty() ? "" : reply.dsn + " ";
  result.why = result.primary + " said " + std::to_string(reply.code) + " " + dsn + result.words +
               " (in reply to " + std::string(command_of(stage)) + ")";
  return result;
}

ProbeResult befell(Verdict verdict, Stage stage, const Endpoint& server, std::string_view trouble) {
  ProbeResult result{.verdict = verdict, .stage = stage, .primary = server.text()};
  if (verdict == Verdict::unavailable) result.server = server.key();
  result.why =
      result.primary + ": " + std::string(trouble) + " (at stage " + std::string(to_string(stage)) + ")";
  return result;
}

AddressRecord as_record(const ProbeResult& result, const std::optional<AddressRecord>& before,
                        WallTime asked) {
  AddressRecord record{
      .verdict = result.verdict, .code = result.code, .dsn = result.dsn, .words = result.words};
  record.asked = asked;
  if (result.verdict == Verdict::deliverable) {
    record.last_yes = asked;
  } else if (before) {
    record.last_yes = before->last_yes;
  }
  return record;
}

}  // namespace fallbackmx
