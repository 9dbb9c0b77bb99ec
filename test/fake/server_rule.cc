#include "test/fake/server_rule.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace fallbackmx {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Three digits at the beginning, then nothing, a blank or a hyphen.
bool begins_with_code(std::string_view text) {
  return text.size() >= 3 && digit(text[0]) && digit(text[1]) && digit(text[2]) &&
         (text.size() == 3 || text[3] == ' ' || text[3] == '-');
}

std::vector<std::string> reply_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (;;) {
    const auto bar = text.find('|');
    lines.emplace_back(stripped(text.substr(0, bar)));
    if (bar == std::string_view::npos) return lines;
    text.remove_prefix(bar + 1);
  }
}

bool take_flag(ServerReply& reply, const std::string& name) {
  if (name == "stall") return reply.mute = true;
  if (name == "hold") return reply.hold = true;
  if (name == "early") return reply.early = true;
  if (name == "garbage") return reply.garbage = true;
  if (name == "forever") return reply.endless = true;
  if (name == "close") return reply.close = true;
  if (name == "reset") return reply.reset = true;
  return false;
}

bool take_action(ServerReply& reply, const std::vector<std::string>& action) {
  if (action.size() == 1) return take_flag(reply, action[0]);
  if (action.size() != 2) return false;
  if (action[0] == "stall") {
    const auto span = read_span(action[1]);
    reply.stall = span.value_or(Span(0));
    return span.has_value();
  }
  if (action[0] == "drip") {
    const auto slash = action[1].find("/s");
    const auto rate = read_number(action[1].substr(0, slash));
    if (slash == std::string::npos || !rate || *rate == 0) return false;
    reply.per_byte = Span(std::chrono::seconds(1)) / static_cast<long>(*rate);
    return true;
  }
  const auto number = read_number(action[1]);
  if (!number || *number == 0) return false;
  if (action[0] == "fragment") reply.fragment = *number;
  if (action[0] == "line") reply.pad = *number;
  return action[0] == "fragment" || action[0] == "line";
}

bool take_condition(ServerRule& rule, const std::vector<std::string>& condition) {
  using When = ServerRule::When;
  if (condition.size() != 2) return false;
  if (condition[0] == "times") return (rule.times = read_number(condition[1])).has_value();
  if (condition[0] != "when") return false;
  if (condition[1] == "pipelined") rule.when = When::pipelined;
  if (condition[1] == "plain") rule.when = When::plain;
  if (condition[1] == "tls") rule.when = When::tls;
  return rule.when != When::always;
}

/// The columns of a line that was written with single blanks: pattern and reply.
std::vector<std::string> columns_at_code(const std::string& line) {
  for (std::size_t at = 1; at < line.size(); ++at) {
    if (line[at - 1] == ' ' && begins_with_code(std::string_view(line).substr(at))) {
      return {std::string(stripped(line.substr(0, at))), line.substr(at)};
    }
  }
  return {line};
}

}  // namespace

int ServerReply::code() const {
  return lines.empty() || !begins_with_code(lines[0]) ? 0 : std::atoi(lines[0].c_str());
}

std::string verb_of(std::string_view command) {
  std::string verb(command.substr(0, command.find_first_of(" :")));
  for (char& c : verb) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return verb;
}

Result<ServerReply> parse_server_reply(std::span<const std::string> given) {
  ServerReply reply;
  for (const auto& column : given) {
    const bool first = &column == &given.front();
    if (first && begins_with_code(column)) {
      reply.lines = reply_lines(column);
    } else if (!take_action(reply, words(column))) {
      return Error{"neither a reply nor an action: '" + column + "'"};
    }
  }
  if (given.empty()) return Error{"no reply and no action"};
  return reply;
}

Result<ServerRule> ServerRule::parse(std::string_view line) {
  auto parts = columns(line);
  if (parts.size() == 1) parts = columns_at_code(parts[0]);
  if (parts.size() < 2) return Error{"no reply after the pattern (put two blanks between them)"};

  ServerRule rule;
  rule.pattern = parts[0];
  std::vector<std::string> rest;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!take_condition(rule, words(parts[i]))) rest.push_back(parts[i]);
  }
  auto reply = parse_server_reply(rest);
  if (!reply) return Error{reply.error()};
  rule.reply = *std::move(reply);
  return rule;
}

bool ServerRule::matches(std::string_view command, bool pipelined, bool tls) const {
  if (when == When::pipelined && !pipelined) return false;
  if (when == When::plain && tls) return false;
  if (when == When::tls && !tls) return false;
  if (times && *times == 0) return false;
  // ESMTP parameters after an address are none of the pattern's business.
  return glob_matches(pattern, command) || glob_matches(pattern, command.substr(0, command.rfind("> ") + 1));
}

}  // namespace fallbackmx
