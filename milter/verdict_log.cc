#include "milter/verdict_log.h"

#include <cstdio>

#include "conf/restriction.h"

namespace fallbackmx {

namespace {

constexpr auto alarm_interval = std::chrono::minutes(10);
constexpr std::size_t alarm_domains = 1000;  // remembered; more of them are rung again

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

LogLine beginning(const AnsweredRecipient& told) {
  LogLine line((told.queue_id.empty() ? "NOQUEUE" : told.queue_id) + ":");
  line.put("sid", told.sid).put_address("rcpt", told.recipient);
  if (!told.resolved.empty()) line.put_address("resolved", told.resolved);
  line.put_address("from", told.sender).put("client", told.client);
  return line;
}

}  // namespace

std::string verdict_line(const AnsweredRecipient& told) {
  LogLine line = beginning(told);
  line.put("action", told.action);
  if (told.log_only) line.put("mode", "log-only");
  if (told.unverified) line.put("unverified", "yes");
  if (told.unreadable) line.put("unreadable", "yes");
  if (!told.restriction.empty()) line.put("restriction", told.restriction);
  if (told.verdict) {
    line.put("verdict", to_string(*told.verdict)).put("source", to_string(told.source));
    if (!is_final(*told.verdict)) line.put("remembered", to_string(told.remembered));
    if (!told.primary.empty()) line.put("primary", told.primary);
    line.put("stage", to_string(told.stage)).put("tls", told.tls);
  }
  put_reply(line, told.code, told.dsn);
  line.put("delay", seconds(told.delay));
  if (told.code != 0) line.put("reply", told.reply);
  if (!told.why.empty()) line.put("why", told.why);
  return line.text();
}

std::string warning_line(const AnsweredRecipient& told, const Outcome::Warning& warning) {
  LogLine line = beginning(told);
  line.put("action", "warn").put("restriction", to_string(warning.by));
  put_reply(line, warning.reply.code, warning.reply.dsn);
  line.put("reply", warning.reply.text);
  return line.text();
}

void VerdictLog::write(const AnsweredRecipient& told, const Envelope& envelope, const Outcome& outcome) {
  const bool plain = outcome.reply.code == 0 && !outcome.finding && !outcome.unverified;
  const LogLevel level = plain ? LogLevel::debug : LogLevel::info;
  if (log_.wants(level)) log_.write(level, verdict_line(told));
  for (const auto& warning : outcome.warnings) log_.info(warning_line(told, warning));
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
