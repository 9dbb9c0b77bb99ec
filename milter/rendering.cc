#include "milter/rendering.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "probe/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr std::size_t longest_value = 2000;

/// A member of an object that came over a socket: null when there is none.
const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? nothing : *found;
}

bool is_true(const Json& value) { return value.is_boolean() && value.get<bool>(); }

/// Empty for null.
std::string shown(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return printable(value.get<std::string>(), longest_value);
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.is_number() ? json_line(value) : std::string("...");
}

std::string shown(const Json& object, const char* name) { return shown(member(object, name)); }

/// `name            value`, for those that have one.
class Fields {
 public:
  Fields& put(std::string_view name, const std::string& value) {
    if (!value.empty()) text_ += fmt::format("{:<15} {}\n", name, value);
    return *this;
  }
  std::string text() const { return text_; }

 private:
  std::string text_;
};

std::string each_line(const Json& list, std::string_view lead) {
  std::string text;
  if (!list.is_array()) return text;
  for (const auto& item : list) text += fmt::format("{}{}\n", lead, shown(item));
  return text;
}

std::string status(const Json& result) {
  const Json& configuration = member(result, "configuration");
  const Json& memory = member(result, "memory");
  const std::string file = shown(configuration, "file");
  const bool stale = !is_true(member(configuration, "last_reload_succeeded"));
  return Fields()
      .put("daemon", fmt::format("fallbackmx-milter {}, process {}, {} since {}", shown(result, "version"),
                                 shown(result, "process"),
                                 is_true(member(result, "serving")) ? "serving" : "stopping; started",
                                 shown(result, "started")))
      .put("mode", shown(result, "mode"))
      .put("milter socket", shown(result, "milter_socket"))
      .put("http", shown(result, "http_listen"))
      .put("configuration",
           fmt::format("{}, read {}{}", file.empty() ? "no file" : file, shown(configuration, "since"),
                       stale ? "; the last reload FAILED, see the log" : ""))
      .put("memory",
           fmt::format("{} addresses in {}", shown(memory, "addresses"), shown(memory, "address_verify_map")))
      .text();
}

std::string reload(const Json& result) {
  std::string text = each_line(member(result, "errors"), "error: ") +
                     each_line(member(result, "warnings"), "warning: ") +
                     each_line(member(result, "need_restart"), "takes a restart: ");
  return text + (is_true(member(result, "taken")) ? "The new configuration is in force.\n"
                                                  : "The old configuration stays in force.\n");
}

std::string config(const Json& result) {
  std::string text;
  for (const auto& each : member(result, "parameters")) {
    const std::string value = shown(each, "value");
    text += fmt::format("{} ={}{}\n", shown(each, "name"), value.empty() ? "" : " ", value);
  }
  return text;
}

}  // namespace

std::string rendered(Verb verb, const Json& result) {
  switch (verb) {
    case Verb::status:
      return status(result);
    case Verb::health:
      return is_true(member(result, "serving")) ? "serving\n" : "starting or stopping\n";
    case Verb::reload:
      return reload(result);
    case Verb::config:
      return config(result);
    case Verb::help:
      break;
  }
  return {};
}

}  // namespace fallbackmx
