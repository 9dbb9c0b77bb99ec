#include "conf/parameters.h"

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

}  // namespace fallbackmx
