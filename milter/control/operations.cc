#include "milter/control/operations.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>

#include "conf/dump.h"
#include "milter/control/memory_transfer.h"
#include "milter/control/primaries_operations.h"
#include "milter/control/remember_operations.h"
#include "milter/control/verdicts_operation.h"
#include "milter/control/verify_operation.h"

namespace fallbackmx {

namespace {

constexpr std::string_view not_shown = "(not shown)";

/// Who wants what done, and to whom: `control: uid=0 pid=7 asks for remember forget address=u@example.org`.
LogLine asked_for(const ControlRequest& request, const VerbRow& verb, const ControlPeer& peer) {
  LogLine line(fmt::format("control: uid={} pid={} asks for {}", peer.user, peer.process, verb.words));
  if (verb.takes_argument()) line.put(verb.argument_name(), request.text(verb.argument_name().c_str()));
  for (const VerbOption& option : options_of(verb.verb)) {
    const std::string name(option.name);
    if (const auto value = request.text(name.c_str()); !value.empty()) line.put(name, value);
    if (request.flag(name.c_str())) line.put(name, "yes");
  }
  return line;
}

bool is_secret(std::string_view parameter) { return parameter.ends_with("_password"); }

/// For which names answers past their time are used; not all of them in a long list.
Json json_of(const std::vector<StaleName>& names) {
  constexpr std::size_t most_shown = 20;
  Json shown = Json::array();
  for (const StaleName& each : names) {
    if (shown.size() == most_shown) break;
    shown.push_back({{"name", each.name},
                     {"since", json_time(each.since)},
                     {"lately", json_time(each.lately)},
                     {"why", each.why}});
  }
  return {{"stale", names.size()}, {"names", std::move(shown)}};
}

}  // namespace

std::string Operations::answer(std::string_view line, const ControlPeer& peer) const {
  ControlRequest request;
  ControlReply reply;
  if (!read_request(line, request, reply)) return to_line(reply);
  const VerbRow& verb = verb_row(request.verb);
  if (verb.kind == VerbKind::changes) {
    if (!peer.may_change()) {
      return to_line(control_error(
          EX_NOPERM, fmt::format("only root and the daemon's own user may ask for {}", verb.words)));
    }
    // A file that is imported comes in many pages.
    if (!request.flag("further")) services_.log.info(asked_for(request, verb, peer));
  }
  try {
    return to_line(answer(request));
  } catch (const std::exception& trouble) {
    return to_line(control_error(EX_SOFTWARE, fmt::format("{} failed: {}", verb.words, trouble.what())));
  }
}

ControlReply Operations::answer(const ControlRequest& request) const {
  const auto settings = services_.configuration.settings();
  const WallTime now = services_.clock.wall();
  switch (request.verb) {
    case Verb::status:
      return status();
    case Verb::health:
      return health();
    case Verb::verify:
      return verify_operation(request, *settings, services_.clock, services_.verify,
                              services_.configuration.in_force().config.rewriting.get());
    case Verb::verdicts:
      return verdicts_operation(request, services_.recent);
    case Verb::remember_list:
      return remember_list(request, services_.store, *settings, now);
    case Verb::remember_show:
      return remember_show(request, services_.store, *settings, now);
    case Verb::remember_forget:
      return remember_forget(request, services_.store);
    case Verb::remember_flush:
      return remember_flush(request, services_.store, *settings, now);
    case Verb::primaries_list:
      return primaries_list(services_.primaries());
    case Verb::primaries_disable:
      return steer(request, Verifier::Wish::disable);
    case Verb::primaries_enable:
      return steer(request, Verifier::Wish::enable);
    case Verb::primaries_reset:
      return steer(request, Verifier::Wish::reset);
    case Verb::reload:
      return reload();
    case Verb::config:
      return config(request);
    case Verb::remember_export:
      return export_page(request, services_.store);
    case Verb::remember_import:
      return import_page(request, services_.store, *settings, now);
    default:  // VerbKind::here, which does not get through read_request()
      break;
  }
  return control_error(EX_USAGE, "the command answers this by itself");
}

ControlReply Operations::status() const {
  const auto in_force = services_.configuration.in_force();
  const Settings& settings = *in_force.config.settings;
  const auto primaries = services_.primaries();
  return {
      .result = {
          {"version", FALLBACKMX_VERSION},
          {"process", getpid()},
          {"started", json_time(services_.started)},
          {"serving", services_.ready()},
          {"mode", settings.mode == Enforcement::log_only ? "log-only" : "enforce"},
          {"milter_socket", services_.milter_socket},
          {"http_listen", settings.http_listen},
          {"configuration",
           {{"file", in_force.file},
            {"since", json_time(in_force.since)},
            {"last_reload_succeeded", in_force.last_read_ok}}},
          {"primaries",
           {{"unwell", unwell_primaries(primaries)},
            {"known", primaries.size()},
            {"down",
             std::count_if(primaries.begin(), primaries.end(),
                           [](const PrimaryState& each) { return each.state == Health::State::down; })}}},
          {"dns", json_of(services_.stale_names ? services_.stale_names() : std::vector<StaleName>())},
          {"memory",
           {{"address_verify_map", settings.address_verify_map}, {"addresses", services_.store.rows()}}}}};
}

ControlReply Operations::health() const {
  const bool ready = services_.ready();
  return {.result = {{"serving", ready}}, .exit = ready ? EX_OK : EX_TEMPFAIL};
}

ControlReply Operations::reload() const {
  const auto came = services_.configuration.reload();
  return {.result = {{"taken", came.taken},
                     {"errors", came.errors},
                     {"warnings", came.warnings},
                     {"need_restart", came.need_restart}},
          .exit = came.taken ? EX_OK : EX_CONFIG};
}

ControlReply Operations::config(const ControlRequest& request) const {
  const auto in_force = services_.configuration.in_force();
  Json parameters = Json::array();
  for (const auto& each : parameter_values(in_force.config)) {
    if (request.flag("changed") && !each.changed) continue;
    const bool hide = is_secret(each.name) && !each.value.empty();
    parameters.push_back(
        {{"name", each.name}, {"value", hide ? not_shown : each.value}, {"changed", each.changed}});
  }
  return {.result = {{"file", in_force.file}, {"parameters", std::move(parameters)}}};
}

ControlReply Operations::steer(const ControlRequest& request, Verifier::Wish wish) const {
  return primaries_steer(request, services_.primaries(), wish, services_.log, services_.steer);
}

}  // namespace fallbackmx
