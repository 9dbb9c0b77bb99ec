#include "milter/control/control_message.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <utility>

#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

/// Nothing when it is no object. Never throws; the parser does not recurse.
Json object_in(std::string_view line) {
  Json value = Json::parse(line.begin(), line.end(), nullptr, false);
  return value.is_object() ? std::move(value) : Json();
}

bool right_version(const Json& message) {
  const auto version = message.find("fallbackmx");
  return version != message.end() && version->is_number_integer() &&
         version->get<std::int64_t>() == control_version;
}

}  // namespace

std::string ControlRequest::text(const char* name) const {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool ControlRequest::flag(const char* name) const {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_boolean() && found->get<bool>();
}

std::size_t ControlRequest::number(const char* name, std::size_t fallback, std::size_t most) const {
  const auto found = arguments.find(name);
  if (found == arguments.end() || !found->is_number_unsigned()) return fallback;
  return std::min<std::size_t>(found->get<std::uint64_t>(), most);
}

ControlReply control_error(int exit, std::string sentence) {
  return {.error = std::move(sentence), .exit = exit};
}

std::string to_line(const ControlRequest& request) {
  Json message = {{"fallbackmx", control_version}, {"do", verb_row(request.verb).wire_name()}};
  for (const auto& [name, value] : request.arguments.items()) message[name] = value;
  return json_line(message);
}

std::string to_line(const ControlReply& reply) {
  Json message = {{"fallbackmx", control_version}, {"ok", reply.ok()}};
  if (reply.ok()) {
    message["result"] = reply.result;
  } else {
    message["error"] = reply.error;
  }
  if (reply.exit != 0) message["exit"] = reply.exit;
  return json_line(message);
}

bool read_request(std::string_view line, ControlRequest& request, ControlReply& trouble) {
  const auto cannot = [&](int exit, std::string sentence) {
    trouble = control_error(exit, std::move(sentence));
    return false;
  };
  Json message = object_in(line);
  if (message.is_null())
    return cannot(EX_PROTOCOL, "a request is one JSON object on one line, {\"fallbackmx\":1,\"do\":...}");
  if (!right_version(message)) {
    return cannot(EX_PROTOCOL, fmt::format("the daemon ({}) speaks version {} of this protocol, and was "
                                           "asked in another one: the command and the daemon must be of the "
                                           "same release; perhaps the daemon was not restarted",
                                           FALLBACKMX_VERSION, control_version));
  }
  const auto wanted = message.find("do");
  const std::string name =
      wanted != message.end() && wanted->is_string() ? wanted->get<std::string>() : std::string();
  const auto verb = verb_on_wire(name);
  if (!verb || verb_row(*verb).kind == VerbKind::here)
    return cannot(EX_USAGE, fmt::format("the daemon cannot do \"{}\"", printable(name, 64)));
  request.verb = *verb;
  request.arguments = std::move(message);
  return true;
}

Result<ControlReply> read_reply(std::string_view line) {
  const Json message = object_in(line);
  if (message.is_null()) return Error{"what answers is no fallbackmx-milter"};
  if (!right_version(message)) {
    return Error{
        fmt::format("the daemon speaks another version of the protocol than this command ({}): they "
                    "must be of the same release; perhaps the daemon was not restarted",
                    FALLBACKMX_VERSION)};
  }
  ControlReply reply;
  const ControlRequest as_request{.arguments = message};
  reply.exit = static_cast<int>(as_request.number("exit", 0, 127));
  if (as_request.flag("ok")) {
    if (message.contains("result")) reply.result = message["result"];
    return reply;
  }
  reply.error = as_request.text("error");
  if (reply.error.empty()) reply.error = "the daemon gave no answer that makes sense";
  if (reply.exit == 0) reply.exit = EX_SOFTWARE;
  return reply;
}

}  // namespace fallbackmx
