#include "milter/session/verdict_count.h"

#include "conf/tables/restriction.h"

namespace fallbackmx {

void count(Metrics& metrics, const Outcome& outcome, std::chrono::duration<double> delay) {
  const std::string_view by = outcome.by ? to_string(*outcome.by) : "none";
  metrics.count(Counter::actions, {by, outcome.reply.action()});
  if (outcome.alarm && outcome.finding) metrics.count(Counter::alarms, {to_string(outcome.finding->verdict)});
  if (outcome.not_asked) metrics.count(Counter::not_asked, {to_string(outcome.not_asked->reason)});
  if (outcome.unverified) metrics.count(Counter::unverified);
  if (!outcome.finding) return;
  const Finding& finding = *outcome.finding;
  metrics.count(Counter::verdicts, {to_string(finding.verdict), to_string(finding.source)});
  if (finding.verdict == Verdict::late) metrics.count(Counter::late);
  metrics.observe(Timer::answer_time, delay, {to_string(finding.source)});
}

}  // namespace fallbackmx
