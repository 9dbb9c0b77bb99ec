#include "milter/control/shown.h"

#include <fmt/format.h>

#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {
constexpr std::size_t longest_value = 2000;
}

const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

bool holds(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

std::string shown(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return printable(value.get<std::string>(), longest_value);
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.is_number() ? json_line(value) : std::string("...");
}

std::string shown(const Json& object, const char* name) { return shown(member(object, name)); }

Fields& Fields::put(std::string_view name, const std::string& value) {
  if (!value.empty()) text_ += fmt::format("{:<15} {}\n", name, value);
  return *this;
}

}  // namespace fallbackmx
