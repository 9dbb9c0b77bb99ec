#include "milter/pages/pages.h"

#include <unistd.h>

#include <fstream>
#include <utility>

#include "milter/pages/gauges.h"

namespace fallbackmx {

namespace {

constexpr std::size_t latest_shown = 25;

/// The second number of /proc/self/statm (proc(5)); 0 when it cannot be had.
std::size_t resident_bytes() {
  std::size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// What is known at the start, and what shall count from zero.
void begin_metrics(Metrics& metrics, WallTime started) {
  metrics.set(Gauge::build, 1, {FALLBACKMX_VERSION});
  metrics.set(Gauge::started, std::chrono::duration<double>(started.time_since_epoch()).count());
  for (const Verdict kind : {Verdict::refused, Verdict::unavailable, Verdict::misrouted})
    metrics.declare(Counter::alarms, {to_string(kind)});
}

}  // namespace

Pages::Pages(PageSources from) : from_(std::move(from)) { begin_metrics(from_.metrics, from_.started); }

HttpPages Pages::all() const {
  constexpr auto html_type = "text/html; charset=utf-8";
  return {{"/", [this] { return HttpAnswer{.type = html_type, .body = status_page(facts())}; }},
          {"/metrics", [this] { return metrics_page(); }},
          {"/healthz", [] { return HttpAnswer{.body = "alive\n"}; }},
          {"/readyz", [this] { return readiness(); }}};
}

StatusFacts Pages::facts() const {
  const auto settings = from_.desk.settings();
  StatusFacts facts{.version = FALLBACKMX_VERSION,
                    .host = settings->myhostname,
                    .listens_on = from_.listens_on,
                    .now = from_.clock.wall(),
                    .started = from_.started,
                    .ready = from_.ready,
                    .log_only = settings->mode == Enforcement::log_only};
  const Configuration::InForce in_force = from_.configuration.in_force();
  facts.configuration = {.good = in_force.last_read_ok,
                         .read_at = in_force.since,
                         .file = in_force.file,
                         .errors = in_force.errors};
  facts.primaries = from_.verifier.primaries();
  facts.activity = from_.verifier.activity();
  facts.store = settings->address_verify_map.empty() ? "memory:" : settings->address_verify_map;
  facts.addresses = from_.store.rows();
  facts.files_set_aside = from_.store.files_set_aside();
  facts.resident_bytes = resident_bytes();
  facts.hour = from_.desk.recent().last_hour(from_.clock.now());
  facts.latest = from_.desk.recent().latest(latest_shown);
  return facts;
}

HttpAnswer Pages::metrics_page() const {
  set_gauges(from_.metrics, from_.store.rows(), from_.verifier.activity(), from_.verifier.primaries());
  from_.metrics.set(Gauge::milter_connections, from_.desk.sessions());
  from_.metrics.count_to(Counter::store_set_aside, static_cast<double>(from_.store.files_set_aside()));
  return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = from_.metrics.text()};
}

HttpAnswer Pages::readiness() const {
  if (from_.ready) return {.body = "ready\n"};
  return {.status = 503, .body = "starting or stopping\n"};
}

}  // namespace fallbackmx
