#include "conf/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "conf/checks.h"
#include "conf/expand.h"
#include "conf/host_name.h"
#include "conf/lexer.h"
#include "conf/nearest_name.h"
#include "conf/postfix_names.h"
#include "conf/text_file.h"
#include "conf/typed_parameters.h"
#include "probe/address.h"

namespace fallbackmx {

namespace {

/// `name = value` from wherever.
struct Assignment {
  std::string name, value;
  std::string where;      ///< `milter.conf:12`, `-o name=value`, `environment FALLBACKMX_name`
  std::size_t order = 0;  ///< of all of them; for messages
};

/// One reading of the configuration, step by step; each step leaves its complaints and the next goes on with
/// what is good.
class Reading {
 public:
  void add_file(const std::string& path);
  void add_environment(const std::vector<std::pair<std::string, std::string>>&);
  void add_overrides(const std::vector<std::string>&);
  void judge_names();
  void type_values();
  void check_values();
  void apply_policies();
  Config result() &&;

 private:
  struct Complaint {
    std::size_t order;
    std::string text;
  };

  void add(std::string name, std::string_view value, std::string where, std::size_t order);
  void error(std::size_t order, std::string text) { errors_.push_back({order, std::move(text)}); }
  void warn(std::size_t order, std::string text) { warnings_.push_back({order, std::move(text)}); }
  std::optional<std::string> value_of(std::string_view name) const;
  std::string why_unknown(std::string_view name) const;
  static std::vector<std::string> sorted(std::vector<Complaint>);

  std::vector<Assignment> all_;
  std::map<std::string, Assignment, std::less<>> effective_;  ///< the last word on each name
  std::set<std::string_view> untyped_;                        ///< whose value was no good
  std::size_t next_order_ = 0;
  TypedParameters typed_;
  Settings settings_;
  std::vector<Complaint> errors_, warnings_;
};

void Reading::add(std::string name, std::string_view value, std::string where, std::size_t order) {
  next_order_ = std::max(next_order_, order) + 1;
  if (auto wrong = control_character_in(value); !wrong.empty())
    return error(order, fmt::format("{}: {}", where, wrong));
  Assignment assignment{std::move(name), std::string(stripped(value)), std::move(where), order};
  effective_[assignment.name] = assignment;
  all_.push_back(std::move(assignment));
}

void Reading::add_file(const std::string& path) {
  if (path.empty()) return;
  auto [entries, errors] = lex_file(path);
  for (const auto& [line, text] : errors) {
    error(line, line == 0 ? text : fmt::format("{}:{}: {}", path, line, text));
    next_order_ = std::max(next_order_, line + 1);
  }
  std::map<std::string, std::size_t> first_line;
  for (auto& entry : entries) {
    const auto where = fmt::format("{}:{}", path, entry.line);
    const auto [first, is_new] = first_line.try_emplace(entry.name, entry.line);
    if (!is_new) {
      error(entry.line, fmt::format("{}: {} is set in line {} already", where, entry.name, first->second));
      continue;
    }
    add(std::move(entry.name), entry.value, where, entry.line);
  }
}

void Reading::add_environment(const std::vector<std::pair<std::string, std::string>>& environment) {
  for (const auto& [name, value] : environment) {
    const auto where = fmt::format("environment {}{}", environment_prefix, name);
    const auto lower = lower_case(name);
    if (lower == name) {
      add(name, value, where, next_order_);
    } else if (find_parameter(lower) != nullptr) {
      error(next_order_++, fmt::format("{}: write it in lower case: {}{}", where, environment_prefix, lower));
    } else {
      // Container managers make such variables for a service called fallbackmx: FALLBACKMX_SERVICE_HOST.
      warn(next_order_++, fmt::format("{}: not the name of a parameter; ignored", where));
    }
  }
}

void Reading::add_overrides(const std::vector<std::string>& overrides) {
  for (const auto& override : overrides) {
    const auto equals = override.find('=');
    const std::string name(stripped(std::string_view(override).substr(0, equals)));
    if (equals == std::string::npos || name.empty()) {
      error(next_order_++, fmt::format("-o {}: not of the form name=value", override));
      continue;
    }
    add(name, std::string_view(override).substr(equals + 1), "-o " + override, next_order_);
  }
}

/// Which names are ours, which Postfix's, which made up for use in other values, and which a slip.
void Reading::judge_names() {
  std::set<std::string> used;
  for (const auto& assignment : all_) {
    for (auto& name : names_in(assignment.value)) used.insert(std::move(name));
  }
  std::vector<std::string_view> ours;
  for (const auto& parameter : parameter_table()) ours.push_back(parameter.name);

  for (const auto& [name, value, where, order] : all_) {
    if (find_parameter(name) != nullptr || used.contains(name)) continue;
    if (is_planned_parameter(name)) {
      warn(order, fmt::format("{}: {} is not used by this version", where, name));
    } else if (is_postfix_parameter(name)) {
      warn(order, fmt::format("{}: {} means something only to Postfix; ignored", where, name));
    } else if (const auto nearest = nearest_name(name, ours); !nearest.empty()) {
      error(order, fmt::format("{}: unknown parameter {}; did you mean {}?", where, name, nearest));
    } else {
      error(order, fmt::format("{}: unknown parameter {}", where, name));
    }
  }
}

std::optional<std::string> Reading::value_of(std::string_view name) const {
  const auto found = effective_.find(name);
  const auto* parameter = find_parameter(name);
  std::optional<std::string> value;
  if (found != effective_.end()) {
    value = found->second.value;
  } else if (parameter != nullptr) {
    value = std::string(parameter->initial);
  }
  // Not before somebody needs it: looking for the host's name may take a while.
  if (name == "myhostname" && value->empty()) return host_name();
  return value;
}

std::string Reading::why_unknown(std::string_view name) const {
  if (is_postfix_parameter(name)) {
    return fmt::format("only Postfix knows its value: set {} here too, or write the value itself", name);
  }
  std::vector<std::string_view> known;
  for (const auto& parameter : parameter_table()) known.push_back(parameter.name);
  for (const auto& [set_name, assignment] : effective_) known.push_back(set_name);
  const auto nearest = nearest_name(name, known);
  return nearest.empty() ? "unknown name" : fmt::format("unknown name; did you mean ${}?", nearest);
}

void Reading::type_values() {
  const auto value_of_name = [this](std::string_view name) { return value_of(name); };
  const auto why = [this](std::string_view name) { return why_unknown(name); };
  for (const auto& parameter : parameter_table()) {
    const auto written = effective_.find(parameter.name);
    const bool is_default = written == effective_.end();
    const auto where = is_default ? "default" : written->second.where;
    const auto order = is_default ? next_order_ : written->second.order;

    const auto value = expand(*value_of(parameter.name), value_of_name, why);
    auto wrong = value ? typed_.set(parameter, *value) : value.error();
    if (!wrong) continue;
    untyped_.insert(parameter.name);
    // A default that does not work was made of something that does not, and that has been named.
    if (!is_default) error(order, fmt::format("{}: {}: {}", where, parameter.name, *wrong));
  }
  settings_ = typed_.settings();
}

/// Values that Postfix lets stand for others.
void complete(Settings& settings) {
  if (settings.address_verify_map.empty()) settings.address_verify_map = "memory:";
  if (settings.address_verify_sender.empty()) settings.address_verify_sender = "<>";
  for (auto* sender : {&settings.address_verify_sender, &settings.probe_fallback_sender}) {
    const auto address = Address::parse(*sender);
    if (sender->empty() || !address || address->null() || !address->domain().empty()) continue;
    *sender = address->local() + "@" + settings.myhostname;
  }
}

void Reading::check_values() {
  for (const auto& [is_error, names, text] : check_settings(settings_)) {
    if (std::any_of(names.begin(), names.end(), [&](auto name) { return untyped_.contains(name); })) continue;
    auto order = next_order_;
    std::string where = "default";
    for (const auto name : names) {
      const auto written = effective_.find(name);
      if (written == effective_.end()) continue;
      order = written->second.order;
      where = written->second.where;
      break;
    }
    auto complaint = fmt::format("{}: {}: {}", where, names.front(), text);
    is_error ? error(order, std::move(complaint)) : warn(order, std::move(complaint));
  }
}

/// Every policy for a domain is a whole set of parameters, as good as the one that it differs from.
void Reading::apply_policies() {
  if (!errors_.empty()) return;
  complete(settings_);
  Settings base = settings_;
  base.recipient_policy_maps = {};
  const auto with =
      [&base](const RecipientPolicies::Overrides& overrides) -> Result<std::shared_ptr<const Settings>> {
    TypedParameters typed(base);
    for (const auto& [name, value] : overrides) {
      if (const auto wrong = typed.set(*find_parameter(name), value)) return Error{name + ": " + *wrong};
    }
    Settings settings = typed.settings();
    for (const auto& [is_error, names, text] : check_settings(settings)) {
      if (is_error) return Error{fmt::format("{}: {}", names.front(), text)};
    }
    complete(settings);
    return std::make_shared<const Settings>(std::move(settings));
  };
  const auto written = effective_.find("recipient_policy_maps");
  for (const auto& wrong : settings_.recipient_policy_maps.resolve(with))
    error(written->second.order, fmt::format("{}: recipient_policy_maps: {}", written->second.where, wrong));
}

std::vector<std::string> Reading::sorted(std::vector<Complaint> complaints) {
  constexpr std::size_t most = 100;  // the file is something else altogether
  std::stable_sort(complaints.begin(), complaints.end(),
                   [](const auto& a, const auto& b) { return a.order < b.order; });
  std::vector<std::string> texts;
  for (auto& complaint : complaints) {
    if (texts.size() == most) {
      texts.push_back(fmt::format("... and {} more", complaints.size() - most));
      break;
    }
    texts.push_back(std::move(complaint.text));
  }
  return texts;
}

Config Reading::result() && {
  Config config;
  for (const auto& assignment : all_) {
    const auto& last = effective_.at(assignment.name);
    if (last.order == assignment.order) config.written.emplace_back(assignment.name, assignment.value);
  }
  if (errors_.empty()) {
    config.settings = std::make_shared<const Settings>(std::move(settings_));
  }
  config.errors = sorted(std::move(errors_));
  config.warnings = sorted(std::move(warnings_));
  return config;
}

}  // namespace

Settings default_settings() {
  const auto initial = [](std::string_view name) -> std::optional<std::string> {
    const auto* parameter = find_parameter(name);
    if (parameter == nullptr) return std::nullopt;
    return name == "myhostname" ? host_name() : std::string(parameter->initial);
  };
  TypedParameters typed;
  for (const auto& parameter : parameter_table()) {
    const auto value = expand(*initial(parameter.name), initial, [](auto) { return "not in the table"; });
    // A default that does not parse is a mistake in parameters.def, which a test finds.
    if (value) typed.set(parameter, *value);
  }
  return typed.settings();
}

Config read_config(const ConfigSources& sources) {
  Reading reading;
  reading.add_file(sources.file);
  reading.add_environment(sources.environment);
  reading.add_overrides(sources.overrides);
  reading.judge_names();
  reading.type_values();
  reading.check_values();
  reading.apply_policies();
  return std::move(reading).result();
}

}  // namespace fallbackmx
