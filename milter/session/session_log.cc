#include "milter/session/session_log.h"

#include "milter/session/answered_recipient.h"

namespace fallbackmx {

void SessionLog::connected(const SessionState& session) const {
  if (!log_.wants(LogLevel::debug)) return;
  log_.debug(LogLine("connect:").put("sid", session.id).put("client", client_text(session.client)));
}

void SessionLog::closed(const SessionState& session) const {
  if (!log_.wants(LogLevel::debug)) return;
  log_.debug(LogLine("close:").put("sid", session.id).put("client", client_text(session.client)));
}

void SessionLog::message_ended(const SessionState& session) const {
  const MessageState& message = session.message;
  const LogLevel level = message.unverified > 0 ? LogLevel::info : LogLevel::debug;
  if (!log_.wants(level)) return;
  LogLine line((message.queue_id.empty() ? "NOQUEUE" : message.queue_id) + ":", "queue_id");
  line.put("sid", session.id).put_address("from", message.sender_given);
  line.put("client", client_text(session.client));
  log_.write(level, line.put("accepted", message.accepted).put("unverified", message.unverified));
}

}  // namespace fallbackmx
