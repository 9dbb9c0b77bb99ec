#include "milter/rules/explanation.h"

#include <fmt/format.h>

#include <algorithm>

#include "conf/tables/access_table.h"

namespace fallbackmx {

namespace {

std::string rule_text(const Rule& rule) {
  std::string text(to_string(rule.restriction));
  return rule.table ? text + ' ' + rule.table->name() : text;
}

std::string reply_text(const Reply& reply) {
  return fmt::format("{} {} {}", reply.code, reply.dsn, reply.text);
}

std::string answer_text(const Answer& answer, bool only_warns) {
  switch (answer.kind) {
    case Answer::Kind::dunno:
      return "DUNNO";
    case Answer::Kind::permit:
      return "OK";
    case Answer::Kind::reply:
      return (only_warns ? "WARN " : "") + reply_text(answer.reply);
    case Answer::Kind::defer_if_permit:
      return (only_warns ? "WARN " : "DEFER_IF_PERMIT ") + reply_text(answer.reply);
    case Answer::Kind::defer_if_reject:
      break;
  }
  return "DEFER_IF_REJECT " + reply_text(answer.reply);
}

}  // namespace

Explanation::Explanation(const Settings& settings)
    : lists_{{{"smtpd_client_restrictions", settings.smtpd_client_restrictions},
              {"smtpd_helo_restrictions", settings.smtpd_helo_restrictions},
              {"smtpd_sender_restrictions", settings.smtpd_sender_restrictions},
              {"smtpd_relay_restrictions", settings.smtpd_relay_restrictions},
              {"smtpd_recipient_restrictions", settings.smtpd_recipient_restrictions}}} {}

void Explanation::begins(std::string_view list) {
  const auto found =
      std::find_if(lists_.begin(), lists_.end(), [&](const List& l) { return l.name == list; });
  if (found == lists_.end()) return;
  now_ = &*found;
  now_->begun = true;
  now_->ended_by = "a deferral is certain";
}

void Explanation::answers(const Rule& rule, int depth, const Answer& answer, bool only_warns) {
  if (now_ == nullptr) return;
  if (depth == 1) ++now_->reached;
  now_->rows.push_back({.list = std::string(now_->name),
                        .rule = rule_text(rule),
                        .depth = depth,
                        .reached = true,
                        .answer = answer_text(answer, only_warns)});
  if (answer.kind == Answer::Kind::permit) now_->ended_by = "OK ends the list";
  if (answer.kind == Answer::Kind::reply && !only_warns) now_->ended_by = "the answer stands";
}

std::string Explanation::why_not_begun(const List& list, bool has_helo) const {
  const bool none = std::none_of(lists_.begin(), lists_.end(), [](const List& l) { return l.begun; });
  if (none) return "a bare postmaster is never refused (RFC 5321 section 4.5.1)";
  if (list.name == "smtpd_helo_restrictions" && !has_helo) return "the client has said no HELO name";
  return "the answer stands";
}

std::vector<Explanation::Row> Explanation::rows(bool has_helo) const {
  std::vector<Row> all;
  for (const List& list : lists_) {
    all.insert(all.end(), list.rows.begin(), list.rows.end());
    const std::string why = list.begun ? list.ended_by : why_not_begun(list, has_helo);
    for (std::size_t i = list.reached; i < list.rules.size(); ++i) {
      all.push_back({.list = std::string(list.name),
                     .rule = rule_text(list.rules[i]),
                     .depth = 1,
                     .reached = false,
                     .answer = "not reached: " + why});
    }
  }
  return all;
}

}  // namespace fallbackmx
