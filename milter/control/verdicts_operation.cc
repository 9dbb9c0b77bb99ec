#include "milter/control/verdicts_operation.h"

#include <algorithm>
#include <utility>

#include "probe/base/number.h"

namespace fallbackmx {

namespace {

constexpr std::size_t usual_verdicts = 100;

Json json_of(const AnsweredRecipient& answer) {
  Json row = {{"at", json_time(answer.at)},       {"session", answer.sid},
              {"queue_id", answer.queue_id},      {"recipient", answer.recipient},
              {"resolved", answer.resolved},      {"sender", answer.sender},
              {"client", answer.client},          {"action", answer.action},
              {"log_only", answer.log_only},      {"unverified", answer.unverified},
              {"restriction", answer.restriction}};
  row["verdict"] = answer.not_asked ? Json("not-asked") : Json();
  if (answer.verdict) {
    row["verdict"] = to_string(*answer.verdict);
    row["source"] = to_string(answer.source);
    row["remembered"] = to_string(answer.remembered);
    row["stage"] = to_string(answer.stage);
    row["tls"] = answer.tls;
    row["primary"] = answer.primary;
  }
  row["code"] = answer.code;
  row["dsn"] = answer.dsn;
  row["reply"] = answer.reply;
  row["why"] = answer.why;
  row["seconds"] = static_cast<double>(answer.delay.count()) / 1000;
  return row;
}

}  // namespace

ControlReply verdicts_operation(const ControlRequest& request, const RecentVerdicts& recent) {
  const std::size_t limit =
      std::max<std::size_t>(request.number("limit", usual_verdicts, RecentVerdicts::most), 1);
  const auto entries = recent.latest(limit, request.text("address"),
                                     parse_number<std::uint64_t>(request.text("after")).value_or(UINT64_MAX));
  Json rows = Json::array();
  for (const auto& entry : entries) rows.push_back(json_of(entry.answer));
  ControlReply reply{.result = {{"verdicts", std::move(rows)}}};
  if (entries.size() == limit) reply.result["next"] = std::to_string(entries.back().number);
  return reply;
}

}  // namespace fallbackmx
