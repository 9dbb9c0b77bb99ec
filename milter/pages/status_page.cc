#include "milter/pages/status_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "milter/pages/html.h"
#include "milter/pages/mix_picture.h"
#include "milter/pages/status_style.h"

namespace fallbackmx {

namespace {

constexpr std::size_t domains_shown = 4;
constexpr std::size_t primaries_shown = 60;

std::string ago(WallTime then, WallTime now) {
  const auto span = std::chrono::floor<std::chrono::seconds>(now - then);
  return span.count() < 1 ? "just now" : short_span(span) + " ago";
}

std::string pill(const char* kind, std::string_view words) {
  return fmt::format(R"(<span class="pill {}">{}</span>)", kind, html(words));
}

std::string row(const char* name, const std::string& safe_value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, safe_value);
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

bool is_down(const PrimaryState& primary) { return primary.state == Health::State::down; }

/// In a word, how everything is.
std::string overall(const StatusFacts& facts) {
  if (!facts.ready) return pill("bad", "starting or stopping");
  const auto& primaries = facts.primaries;
  const auto down = static_cast<std::size_t>(std::count_if(primaries.begin(), primaries.end(), is_down));
  if (down > 0) return pill("bad", counted(down, "primary server") + " down");
  const bool alarmed = std::any_of(primaries.begin(), primaries.end(),
                                   [](const PrimaryState& primary) { return !primary.alarm.empty(); });
  if (alarmed) return pill("bad", "a primary refuses us");
  if (!facts.configuration.good) return pill("bad", "configuration not reloaded");
  if (primaries.empty()) return pill("good", "ready");
  return pill("good", primaries.size() == 1 ? "the primary is up" : "all primaries are up");
}

std::string heading(const StatusFacts& facts) {
  return fmt::format(
      "<header><h1>{}</h1>{}\n<p>fallbackmx {} &middot; up for {} &middot; seen at {}</p></header>\n",
      html(facts.host), overall(facts), html(facts.version),
      short_span(std::chrono::floor<std::chrono::seconds>(facts.now - facts.started)),
      html_time(facts.now, facts.now));
}

std::string notices(const StatusFacts& facts) {
  std::string all;
  if (facts.log_only)
    all +=
        R"(<p class="notice watch"><b>mode = log-only</b>: everything is decided and logged, nobody hears of it.</p>)";
  if (!facts.configuration.good) {
    all += R"(<div class="notice"><b>The configuration was not reloaded</b>, the one before is in force:)";
    for (const std::string& error : facts.configuration.errors) all += "<br>" + html(error);
    all += "</div>";
  }
  if (facts.files_set_aside > 0)
    all +=
        R"(<p class="notice"><b>The file of verdicts could not be used</b>, and was set aside; the log says why.</p>)";
  return all;
}

std::string state_pill(const PrimaryState& primary) {
  if (primary.disabled) return pill("watch", "disabled");
  if (is_down(primary)) return pill("bad", "down");
  if (!primary.alarm.empty()) return pill("bad", "refuses us");
  if (primary.state == Health::State::suspect) return pill("watch", "suspect");
  return primary.last_reply ? pill("good", "up") : pill("watch", "not heard yet");
}

std::string proof(const PrimaryState& primary, WallTime now) {
  return primary.last_yes ? "said yes " + ago(*primary.last_yes, now) : "none yet";
}

std::string accepts_everything(const PrimaryState& primary) {
  const auto& domains = primary.accepts_everything;
  std::string list;
  for (std::size_t i = 0; i < std::min(domains.size(), domains_shown); ++i)
    list += (i == 0 ? "" : "<br>") + html(domains[i], 80);
  if (domains.size() > domains_shown) list += fmt::format("<br>and {} more", domains.size() - domains_shown);
  return list;
}

/// `mx1.example.org` as the heading, `[192.0.2.1]:25` below it.
std::string primary_head(const PrimaryState& primary) {
  const auto bracket = std::min(primary.server.find('['), primary.server.size());
  return fmt::format(R"(<div class="head"><h3>{}</h3>{}</div><p class="sub">{} for {}</p>)",
                     html(primary.server.substr(0, bracket)), state_pill(primary),
                     html(primary.server.substr(bracket)), html(primary.next_hop));
}

std::string primary_card(const PrimaryState& primary, WallTime now) {
  std::string card = "<article>" + primary_head(primary) + "<dl>";
  card += fmt::format("<dt>{} for</dt><dd>{}</dd>\n", to_string(primary.state),
                      short_span(std::chrono::floor<std::chrono::seconds>(now - primary.since)));
  if (primary.next_trial) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(*primary.next_trial - now);
    card += row("next trial", wait.count() > 0 ? "in " + short_span(wait) : "now");
    if (primary.last_trial) card += row("last trial", ago(*primary.last_trial, now));
    card += row("accepted unverified", std::to_string(primary.cost.unverified));
    card += row("longest wait",
                fmt::format("{:.1f} s", std::chrono::duration<double>(primary.cost.longest_wait).count()));
  }
  card += row("sessions", std::to_string(primary.sessions) +
                              (primary.opening > 0 ? fmt::format(", {} opening", primary.opening) : ""));
  if (primary.round_trip) card += row("answers in", fmt::format("{} ms", primary.round_trip->count()));
  if (!primary.tls.empty())
    card += row("TLS", primary.tls == "none" ? "none, in the clear" : html(primary.tls));
  card += row("proof", proof(primary, now));
  if (!primary.accepts_everything.empty()) card += row("accepts everybody in", accepts_everything(primary));
  card += "</dl>";
  if (!primary.trouble.empty())
    card += fmt::format(R"(<p class="words watch">{}</p>)", html(primary.trouble));
  if (!primary.alarm.empty()) card += fmt::format(R"(<p class="words">{}</p>)", html(primary.alarm));
  return card + "</article>\n";
}

std::string primaries_part(const StatusFacts& facts) {
  std::string part = "<h2>Primaries</h2>\n";
  if (facts.primaries.empty())
    return part + R"(<section class="card"><p class="none">Nobody has been asked yet.</p></section>)";
  // What needs attention comes first.
  std::vector<const PrimaryState*> sorted;
  sorted.reserve(facts.primaries.size());
  for (const PrimaryState& primary : facts.primaries) sorted.push_back(&primary);
  std::stable_partition(sorted.begin(), sorted.end(), [](const PrimaryState* primary) {
    return primary->state != Health::State::up || !primary->alarm.empty();
  });
  part += R"(<div class="cards">)";
  for (std::size_t i = 0; i < std::min(sorted.size(), primaries_shown); ++i)
    part += primary_card(*sorted[i], facts.now);
  part += "</div>\n";
  if (sorted.size() > primaries_shown)
    part += fmt::format("<p class=\"none\">And {} more.</p>", sorted.size() - primaries_shown);
  return part;
}

std::string hour_part(const StatusFacts& facts) {
  VerdictMix sum;
  for (const VerdictMix& mix : facts.hour) {
    for (const MixColumn& column : mix_columns) sum.*column.count += mix.*column.count;
  }
  std::string part = R"(<h2>The last hour</h2><section class="card"><ul class="figures">)";
  for (const MixColumn& column : mix_columns) {
    part += fmt::format(R"(<li><i class="{}"></i><b>{}</b> {}</li>)", column.css_class, sum.*column.count,
                        column.label);
  }
  return part + "</ul>" + mix_picture(facts.hour, facts.now) + "</section>\n";
}

std::string verdict_cell(const AnsweredRecipient& answer) {
  if (answer.not_asked) return "not asked";
  if (!answer.verdict) return html(answer.restriction.empty() ? "-" : answer.restriction);
  std::string cell(to_string(*answer.verdict));
  return cell + "<small>" + (answer.source == Source::none ? "" : "from ") +
         (answer.source == Source::none ? "nobody asked" : std::string(to_string(answer.source))) +
         "</small>";
}

std::string reply_cell(const AnsweredRecipient& answer) {
  std::string cell;
  if (answer.code != 0) {
    cell = fmt::format("{} {} {}", answer.code, html(answer.dsn, 12), html(answer.reply, 120));
  } else {
    cell = html(answer.why, 160);
  }
  if (!answer.primary.empty()) cell += "<small>" + html(answer.primary, 120) + "</small>";
  return cell;
}

std::string latest_row(const AnsweredRecipient& answer, WallTime now) {
  return fmt::format(
      R"(<tr><td>{}<td><span class="action {}">{}</span>{}<td>{}<small>from {}</small><td>{}<td>{}</tr>)"
      "\n",
      html_time(answer.at, now), answer.action, answer.action, answer.unverified ? " unverified" : "",
      html(answer.recipient, 100), answer.sender.empty() ? "&lt;&gt;" : html(answer.sender, 100),
      verdict_cell(answer), reply_cell(answer));
}

std::string latest_part(const StatusFacts& facts) {
  std::string part = "<h2>Latest verdicts</h2>\n";
  if (facts.latest.empty())
    return part + R"(<section class="card"><p class="none">None since the start.</p></section>)";
  part +=
      R"(<section class="card table"><table><thead><tr><th>Time<th>Action<th>Recipient<th>Verdict<th>Reply</tr></thead><tbody>)";
  for (const auto& entry : facts.latest) part += latest_row(entry.answer, facts.now);
  return part + "</tbody></table></section>\n";
}

std::string workings_part(const StatusFacts& facts) {
  const Activity& activity = facts.activity;
  std::string part = R"(<h2>Workings</h2><div class="cards"><article><h3>Memory</h3><dl>)";
  part += row("addresses", std::to_string(facts.addresses)) + row("kept in", html(facts.store, 120));
  part += row("proofs", std::to_string(activity.proofs)) +
          row("servers not well", std::to_string(activity.troubles));
  if (facts.resident_bytes > 0)
    part += row("process", fmt::format("{} MB", facts.resident_bytes / 1'000'000));
  part += "</dl></article><article><h3>Probes</h3><dl>";
  part += row("on their way", std::to_string(activity.probes)) +
          row("clients waiting", std::to_string(activity.waiters));
  part += row("sessions", fmt::format("{} open, {} full, {} opening", activity.sessions.open,
                                      activity.sessions.full, activity.sessions.opening));
  part += "</dl></article><article><h3>Configuration</h3><dl>";
  const ConfigurationState& configuration = facts.configuration;
  part += row("file", configuration.file.empty() ? "none" : html(configuration.file));
  part += row("read", html_time(configuration.read_at, facts.now));
  part += row("it was", configuration.good ? "good" : "wrong, the one before is in force");
  part += row("listens on", html(facts.listens_on));
  return part + "</dl></article></div>\n";
}

}  // namespace

std::string status_page(const StatusFacts& facts) {
  return fmt::format(
             R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{} - fallbackmx</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="10">
<meta name="robots" content="noindex"><link rel="icon" href="data:,"><style>{}</style></head><body>
)",
             html(facts.host), status_style) +
         heading(facts) + notices(facts) + primaries_part(facts) + hour_part(facts) + latest_part(facts) +
         workings_part(facts) +
         R"(<footer>This page asks for itself again every ten seconds. For programs: <a href="/metrics">/metrics</a>.</footer>)"
         "\n</body></html>\n";
}

}  // namespace fallbackmx
