#include "conf/parameters.h"

#include "conf/expand.h"
#include "conf/host_name.h"
#include "conf/typed_parameters.h"

namespace fallbackmx {

namespace {

std::vector<Parameter> make_table() {
  std::vector<Parameter> table;
  std::string_view section;
#define SECTION(name, title) section = title;
#define PARAMETER(type, name, initial, least, most, help) \
  table.push_back({#name, #type, initial, section, help, least, most});
#include "conf/parameters.def"
#undef PARAMETER
#undef SECTION
  return table;
}

}  // namespace

std::span<const Parameter> parameter_table() {
  static const auto table = make_table();
  return table;
}

const Parameter* find_parameter(std::string_view name) {
  for (const auto& parameter : parameter_table()) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

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

}  // namespace fallbackmx
