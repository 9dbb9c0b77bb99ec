#include "milter/verdict_log.h"

#include <cstdio>

#include "conf/restriction.h"

namespace fallbackmx {

namespace {

constexpr auto alarm_interval = std::chrono::minutes(10);
constexpr std::size_t alarm_domains = 1000;  // remembered; more of them are rung again

std::string client_text(const Client& client) {
  std::string text = client.name.empty() ? "unknown" : client.name;
  return text + '[' + (client.address ? client.address->to_string() : "unknown") + ']';
}

std::string seconds(std::chrono::milliseconds delay) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(delay.count() / 1000),
                static_cast<long long>(delay.count() % 1000));
  return text;
}

void put_reply(LogLine& line, int code, const std::string& dsn) {
  if (code != 0) line.put("code", std::to_string(code));
  if (!dsn.empty()) line.put("dsn", dsn);
}

void put_finding(LogLine& line, const Finding& finding) {
  line.put("verdict", to_string(finding.verdict)).put("source", to_string(finding.source));
  if (!is_final(finding.verdict)) line.put("remembered", to_string(finding.remembered));
  if (!finding.primary.empty()) line.put("primary", finding.primary);
  line.put("stage", to_string(finding.stage)).put("tls", finding.tls);
  put_reply(line, finding.code, finding.dsn);
}

LogLine beginning(const SessionState& session, const Envelope& envelope) {
  const std::string& queue_id = session.message.queue_id;
  LogLine line((queue_id.empty() ? "NOQUEUE" : queue_id) + ":");
  line.put("sid", session.id).put_address("rcpt", envelope.recipient_given);
  const bool rewritten = !envelope.recipient.null() && envelope.recipient.text() != envelope.recipient_given;
  if (rewritten) line.put_address("resolved", envelope.recipient.text());
  line.put_address("from", envelope.sender_given).put("client", client_text(session.client));
  return line;
}

}  // namespace

std::string verdict_line(const SessionState& session, const Envelope& envelope, const Outcome& outcome,
                         std::chrono::milliseconds delay, Enforcement mode) {
  LogLine line = beginning(session, envelope);
  line.put("action", outcome.reply.rejects() ? "reject" : outcome.reply.defers() ? "defer" : "accept");
  if (mode == Enforcement::log_only && outcome.reply.code != 0) line.put("mode", "log-only");
  if (outcome.unverified) line.put("unverified", "yes");
  if (envelope.recipient.null()) line.put("unreadable", "yes");
  const bool by_verdict = !outcome.by || *outcome.by == Restriction::reject_unverified_recipient;
  if (!by_verdict) line.put("restriction", to_string(*outcome.by));
  if (by_verdict && outcome.finding) {
    put_finding(line, *outcome.finding);
  } else {
    put_reply(line, outcome.reply.code, outcome.reply.dsn);
  }
  line.put("delay", seconds(delay));
  if (!by_verdict) {
    line.put("reply", outcome.reply.text);
  } else if (outcome.finding) {
    const auto& finding = *outcome.finding;
    if (finding.code != 0) line.put("reply", finding.words);
    if (!is_final(finding.verdict) && !finding.why.empty()) line.put("why", finding.why);
  }
  return line.text();
}

std::string warning_line(const SessionState& session, const Envelope& envelope,
                         const Outcome::Warning& warning) {
  LogLine line = beginning(session, envelope);
  line.put("action", "warn").put("restriction", to_string(warning.by));
  put_reply(line, warning.reply.code, warning.reply.dsn);
  line.put("reply", warning.reply.text);
  return line.text();
}

void VerdictLog::write(const SessionState& session, const Envelope& envelope, const Outcome& outcome,
                       std::chrono::milliseconds delay, Enforcement mode) {
  const bool plain = outcome.reply.code == 0 && !outcome.finding && !outcome.unverified;
  const LogLevel level = plain ? LogLevel::debug : LogLevel::info;
  if (log_.wants(level)) log_.write(level, verdict_line(session, envelope, outcome, delay, mode));
  for (const auto& warning : outcome.warnings) log_.info(warning_line(session, envelope, warning));
  if (!outcome.alarm || !outcome.finding || !may_ring(envelope.recipient.domain())) return;
  log_.warning(LogLine("alarm: nobody to ask about recipients, mail for them is deferred:")
                   .put("domain", envelope.recipient.domain())
                   .put("next_hop", envelope.next_hop)
                   .put("why", outcome.finding->why)
                   .text());
}

bool VerdictLog::may_ring(const std::string& domain) {
  const SteadyTime now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (rung_.size() >= alarm_domains) rung_.clear();
  const auto [at, first] = rung_.try_emplace(domain, now);
  if (!first && now - at->second < alarm_interval) return false;
  at->second = now;
  return true;
}

}  // namespace fallbackmx
