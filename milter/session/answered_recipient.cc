#include "milter/session/answered_recipient.h"

#include "conf/tables/restriction.h"

namespace fallbackmx {

namespace {

constexpr std::size_t text_limit = 500;

std::string bounded(std::string_view text) { return std::string(text.substr(0, text_limit)); }

void tell_finding(AnsweredRecipient& told, const Finding& finding) {
  told.verdict = finding.verdict;
  told.source = finding.source;
  told.remembered = finding.remembered;
  told.stage = finding.stage;
  told.tls = finding.tls;
  told.primary = bounded(finding.primary);
  told.code = finding.code;
  told.dsn = bounded(finding.dsn);
  if (finding.code != 0) told.reply = bounded(finding.words);
  if (!is_final(finding.verdict)) told.why = bounded(finding.why);
}

}  // namespace

std::string client_text(const Client& client) {
  const std::string name = client.name.empty() ? "unknown" : bounded(client.name);
  return name + '[' + (client.address ? client.address->to_string() : "unknown") + ']';
}

AnsweredRecipient answered(const SessionState& session, const Envelope& envelope, const Outcome& outcome,
                           Enforcement mode, WallTime now, std::chrono::milliseconds delay) {
  AnsweredRecipient told;
  told.at = now;
  told.sid = session.id;
  told.queue_id = bounded(session.message.queue_id);
  told.recipient = bounded(envelope.recipient_given);
  told.sender = bounded(envelope.sender_given);
  told.unreadable = envelope.recipient.null();
  if (!told.unreadable && envelope.recipient.text() != envelope.recipient_given)
    told.resolved = bounded(envelope.recipient.text());
  if (!outcome.asked_about.empty()) told.resolved = bounded(outcome.asked_about);
  told.client = client_text(session.client);
  told.action = outcome.reply.action();
  told.log_only = mode == Enforcement::log_only && outcome.reply.code != 0;
  told.unverified = outcome.unverified;
  told.delay = delay;
  const bool by_verdict = !outcome.by || *outcome.by == Restriction::reject_unverified_recipient;
  if (by_verdict && outcome.finding) {
    tell_finding(told, *outcome.finding);
    return told;
  }
  if (by_verdict && outcome.not_asked) {
    told.not_asked = true;
    told.delivered_here = outcome.not_asked->reason == NotAsked::Reason::final;
    told.why = bounded(outcome.not_asked->why);
  }
  if (!by_verdict) told.restriction = to_string(*outcome.by);
  told.code = outcome.reply.code;
  told.dsn = bounded(outcome.reply.dsn);
  told.reply = bounded(outcome.reply.text);
  return told;
}

}  // namespace fallbackmx
