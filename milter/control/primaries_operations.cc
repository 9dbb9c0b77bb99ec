#include "milter/control/primaries_operations.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <string_view>

#include "conf/grammar/nearest_name.h"
#include "probe/base/brackets.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

constexpr std::size_t most_unwell = 20;

double in_seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

Json json_of(const PrimaryState& primary) {
  using std::chrono::milliseconds, std::chrono::round;
  Json row = {{"server", primary.server},
              {"address", primary.key},
              {"next_hop", primary.next_hop},
              {"state", primary.disabled ? "disabled" : to_string(primary.state)},
              {"since", json_time(primary.since)},
              {"last_trial", json_time(primary.last_trial.value_or(WallTime()))},
              {"next_trial", json_time(primary.next_trial.value_or(WallTime()))},
              {"unverified", primary.cost.unverified},
              {"longest_wait", in_seconds(round<milliseconds>(primary.cost.longest_wait))},
              {"trouble", primary.trouble},
              {"sessions", primary.sessions},
              {"opening", primary.opening}};
  row["round_trip"] = nullptr;
  if (primary.round_trip) row["round_trip"] = in_seconds(*primary.round_trip);
  row["tls"] = primary.tls;
  row["last_reply"] = json_time(primary.last_reply.value_or(WallTime()));
  row["last_yes"] = json_time(primary.last_yes.value_or(WallTime()));
  row["alarm"] = primary.alarm;
  row["accepts_everything"] = primary.accepts_everything;
  return row;
}

/// All that a server can be called.
std::vector<std::string> names_of(const PrimaryState& primary) {
  const std::string_view server = primary.server, key = primary.key;
  const auto address = key.substr(0, key.rfind(':'));
  return {primary.server, primary.key, primary.next_hop, std::string(server.substr(0, server.find('['))),
          std::string(without_square_brackets(address))};
}

std::string_view past(Verifier::Wish wish) {
  switch (wish) {
    case Verifier::Wish::disable:
      return "disabled";
    case Verifier::Wish::enable:
      return "enabled";
    case Verifier::Wish::reset:
      break;
  }
  return "reset";
}

}  // namespace

ControlReply primaries_list(const std::vector<PrimaryState>& primaries) {
  Json rows = Json::array();
  for (const auto& primary : primaries) rows.push_back(json_of(primary));
  return {.result = {{"primaries", std::move(rows)}}};
}

Json unwell_primaries(const std::vector<PrimaryState>& primaries) {
  Json rows = Json::array();
  for (const auto& primary : primaries) {
    if (primary.state != Health::State::up && rows.size() < most_unwell) rows.push_back(json_of(primary));
  }
  return rows;
}

std::vector<PrimaryState> primaries_named(const std::vector<PrimaryState>& primaries,
                                          const std::string& word) {
  std::vector<PrimaryState> found;
  for (const auto& primary : primaries) {
    const auto names = names_of(primary);
    if (std::find(names.begin(), names.end(), lower_case(word)) != names.end()) found.push_back(primary);
  }
  return found;
}

ControlReply primaries_steer(const ControlRequest& request, const std::vector<PrimaryState>& primaries,
                             Verifier::Wish wish, Log& log,
                             const std::function<void(const std::string& key, Verifier::Wish)>& steer) {
  const std::string word = request.text("primary");
  const auto found = primaries_named(primaries, word);
  if (found.empty()) {
    std::vector<std::string> names;
    for (const auto& primary : primaries) {
      for (auto& name : names_of(primary)) names.push_back(std::move(name));
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto nearest = nearest_name(word, views);
    const auto hint = nearest.empty()
                          ? std::string("fallbackmx primaries list has those that it has talked to")
                          : fmt::format("did you mean {}?", nearest);
    return control_error(
        EX_USAGE, fmt::format("the daemon knows no primary {}; {}", fallbackmx::in_quotes(word), hint));
  }
  Json servers = Json::array();
  for (const auto& primary : found) {
    steer(primary.key, wish);
    log.warning(fmt::format("primary {} is {} by an operator", primary.server, past(wish)));
    servers.push_back(primary.server);
  }
  return {.result = {{"done", past(wish)}, {"servers", std::move(servers)}}};
}

}  // namespace fallbackmx
