#include "conf/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "conf/assignments.h"
#include "conf/checks.h"
#include "conf/grammar/complaints.h"
#include "conf/grammar/expand.h"
#include "conf/grammar/nearest_name.h"
#include "conf/grammar/postfix_names.h"
#include "conf/tables/restriction.h"
#include "conf/tables/restriction_classes.h"
#include "conf/tables/restriction_list.h"
#include "conf/typed_parameters.h"
#include "probe/base/text_file.h"
#include "probe/mail/address.h"
#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

/// One reading of the configuration, step by step; each step leaves its complaints and the next goes on with
/// what is good.
class Reading {
 public:
  explicit Reading(const ConfigSources& sources) : written_(sources, complaints_) {}

  void type_values();
  void check_classes();
  void check_values();
  void apply_policies();
  Config result() &&;

 private:
  std::optional<std::string> value_of(std::string_view name) const;
  std::string why_unknown(std::string_view name) const;
  Result<std::string> expanded(std::string_view name) const;
  Result<Restrictions> read_class(const std::string& name) const;

  Complaints complaints_;
  Assignments written_;
  std::set<std::string_view> untyped_;  ///< whose value was no good
  RestrictionClasses classes_{written_.class_names(), [this](const auto& name) { return read_class(name); }};
  TypedParameters typed_{{}, classes_};
  Settings settings_;
};

std::optional<std::string> Reading::value_of(std::string_view name) const {
  const Assignment* written = written_.of(name);
  const auto* parameter = find_parameter(name);
  std::optional<std::string> value;
  if (written != nullptr) {
    value = written->value;
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
  for (const auto& [set_name, assignment] : written_.effective()) known.push_back(set_name);
  const auto nearest = nearest_name(name, known);
  return nearest.empty() ? "unknown name" : fmt::format("unknown name; did you mean ${}?", nearest);
}

Result<std::string> Reading::expanded(std::string_view name) const {
  return expand(
      *value_of(name), [this](std::string_view other) { return value_of(other); },
      [this](std::string_view other) { return why_unknown(other); });
}

Result<Restrictions> Reading::read_class(const std::string& name) const {
  if (written_.of(name) == nullptr)
    return Error{
        fmt::format("restriction class {} has no line of its own: write {} = RESTRICTIONS", name, name)};
  const auto text = expanded(name);
  if (!text) return Error{text.error()};
  return parse_restrictions(*text, classes_);
}

/// Each class at its own line, whether it is used or not.
void Reading::check_classes() {
  for (const auto& name : written_.class_names()) {
    const Assignment* written = written_.of(name);
    const auto& at = written != nullptr ? *written : *written_.of("smtpd_restriction_classes");
    const bool taken = find_parameter(name) != nullptr || restriction_named(name);
    const auto list = classes_.find(name);
    if (list && !taken) continue;
    const auto why =
        taken ? name + " has a meaning already: choose another name for the class" : list.error();
    complaints_.error(at.order, fmt::format("{}: {}: {}", at.where, at.name, why));
    classes_.set_aside(name);
  }
}

void Reading::type_values() {
  for (const auto& parameter : parameter_table()) {
    const Assignment* written = written_.of(parameter.name);

    const auto value = expanded(parameter.name);
    auto wrong = value ? typed_.set(parameter, *value) : value.error();
    if (!wrong) continue;
    untyped_.insert(parameter.name);
    // A default that does not work was made of something that does not, and that has been named.
    if (written != nullptr)
      complaints_.error(written->order, fmt::format("{}: {}: {}", written->where, parameter.name, *wrong));
  }
  settings_ = typed_.settings();
}

/// A sender without a domain is of this machine.
void complete_sender(std::string& sender, const std::string& myhostname) {
  const auto address = Address::parse(sender);
  if (sender.empty() || !address || address->null() || !address->domain().empty()) return;
  sender = address->local() + "@" + myhostname;
}

/// Values that Postfix lets stand for others.
void complete(DomainSettings& settings, const std::string& myhostname) {
  if (settings.address_verify_sender.empty()) settings.address_verify_sender = "<>";
  complete_sender(settings.address_verify_sender, myhostname);
}
void complete(Settings& settings) {
  if (settings.address_verify_map.empty()) settings.address_verify_map = "memory:";
  if (is_postfix_database(settings.address_verify_map))
    settings.address_verify_map = find_parameter("address_verify_map")->initial;
  complete(settings, settings.myhostname);
  complete_sender(settings.probe_fallback_sender, settings.myhostname);
}

void Reading::check_values() {
  for (const auto& [is_error, names, text] : check_settings(settings_)) {
    if (std::any_of(names.begin(), names.end(), [&](auto name) { return untyped_.contains(name); })) continue;
    auto order = written_.end();
    std::string where = "default";
    for (const auto name : names) {
      const Assignment* written = written_.of(name);
      if (written == nullptr) continue;
      order = written->order;
      where = written->where;
      break;
    }
    auto complaint = fmt::format("{}: {}: {}", where, names.front(), text);
    is_error ? complaints_.error(order, std::move(complaint)) : complaints_.warn(order, std::move(complaint));
  }
}

/// What a domain has otherwise must be as good a set of parameters as the one that it differs from.
void Reading::apply_policies() {
  if (complaints_.any_error()) return;
  complete(settings_);
  const auto base = std::make_shared<const DomainSettings>(settings_);
  Settings of_all = settings_;
  of_all.recipient_policy_maps = {};
  TypedParameters typed(std::move(of_all));
  const auto with =
      [&](const RecipientPolicies::Overrides& overrides) -> Result<std::shared_ptr<const DomainSettings>> {
    if (overrides.empty()) return base;
    typed.begin_domain(*base);
    for (const auto& [name, value] : overrides) {
      if (const auto wrong = typed.set(*find_parameter(name), value)) return Error{name + ": " + *wrong};
    }
    const Settings& settings = typed.look();
    for (const auto& [is_error, names, text] : check_settings(settings)) {
      if (is_error) return Error{fmt::format("{}: {}", names.front(), text)};
    }
    auto of_domain = std::make_shared<DomainSettings>(settings);
    complete(*of_domain, settings_.myhostname);
    return std::shared_ptr<const DomainSettings>(std::move(of_domain));
  };
  const Assignment* written = written_.of("recipient_policy_maps");
  for (const auto& wrong : settings_.recipient_policy_maps.resolve(with)) {
    complaints_.error(written->order, fmt::format("{}: recipient_policy_maps: {}", written->where, wrong));
  }
}

Config Reading::result() && {
  Config config;
  for (const auto& assignment : written_.all()) {
    if (written_.of(assignment.name)->order == assignment.order)
      config.written.emplace_back(assignment.name, assignment.value);
  }
  if (!complaints_.any_error()) {
    config.settings = std::make_shared<const Settings>(std::move(settings_));
  }
  config.errors = complaints_.errors();
  config.warnings = complaints_.warnings();
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
  Reading reading(sources);
  reading.check_classes();
  reading.type_values();
  reading.check_values();
  reading.apply_policies();
  return std::move(reading).result();
}

}  // namespace fallbackmx
