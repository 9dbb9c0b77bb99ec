#include "milter/session/verdict_log.h"

#include <cstdio>

#include "conf/tables/restriction.h"

namespace fallbackmx {

namespace {

std::string seconds(std::chrono::milliseconds delay) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(delay.count() / 1000),
                static_cast<long long>(delay.count() % 1000));
  return text;
}

void put_reply(LogLine& line, int code, const std::string& dsn) {
  if (code != 0) line.put("code", code);
  if (!dsn.empty()) line.put("dsn", dsn);
}

LogLine beginning(const AnsweredRecipient& told) {
  LogLine line((told.queue_id.empty() ? "NOQUEUE" : told.queue_id) + ":", "queue_id");
  line.put("sid", told.sid).put_address("rcpt", told.recipient);
  if (!told.resolved.empty()) line.put_address("resolved", told.resolved);
  line.put_address("from", told.sender).put("client", told.client);
  return line;
}

}  // namespace

LogLine verdict_line(const AnsweredRecipient& told) {
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
  if (told.not_asked) line.put("verdict", "not-asked");
  put_reply(line, told.code, told.dsn);
  line.put_number("delay", seconds(told.delay));
  if (told.code != 0) line.put("reply", told.reply);
  if (!told.why.empty()) line.put("why", told.why);
  return line;
}

LogLine warning_line(const AnsweredRecipient& told, const Outcome::Warning& warning) {
  LogLine line = beginning(told);
  line.put("action", "warn").put("restriction", to_string(warning.by));
  put_reply(line, warning.reply.code, warning.reply.dsn);
  line.put("reply", warning.reply.text);
  return line;
}

void VerdictLog::write(const AnsweredRecipient& told, const Envelope& envelope, const Outcome& outcome) {
  const bool silent = !told.not_asked || told.delivered_here;
  const bool plain = outcome.reply.code == 0 && !outcome.finding && !outcome.unverified && silent;
  const LogLevel level = plain ? LogLevel::debug : LogLevel::info;
  if (log_.wants(level)) log_.write(level, verdict_line(told));
  for (const auto& warning : outcome.warnings) log_.info(warning_line(told, warning));
  if (outcome.alarm && outcome.finding) ring(envelope.domain(), envelope.next_hop, outcome.finding->why);
  if (outcome.not_asked && outcome.not_asked->may_be_a_mistake()) warn_once(envelope, *outcome.not_asked);
}

void VerdictLog::warn_once(const Envelope& envelope, const NotAsked& not_asked) {
  {
    const std::lock_guard lock(mutex_);
    if (named_.size() >= most_named || !named_.insert(envelope.domain()).second) return;
  }
  LogLine line("not-asked");
  line.put("domain", envelope.domain()).put("mailer", envelope.mailer).put("next_hop", envelope.next_hop);
  log_.warning(line.put("why", not_asked.why));
}

void VerdictLog::ring(const std::string& domain, const std::string& next_hop, const std::string& why) {
  std::optional<std::size_t> held_back;
  {
    const std::lock_guard lock(mutex_);
    held_back = rung_.pass(domain, clock_.now());
  }
  if (!held_back) return;
  LogLine line("alarm: nobody to ask about recipients, mail for them is deferred:");
  line.put("domain", domain).put("next_hop", next_hop).put("why", why);
  if (*held_back > 0) line.put("suppressed", *held_back);
  log_.warning(line);
}

}  // namespace fallbackmx
