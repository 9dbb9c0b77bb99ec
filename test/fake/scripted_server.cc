#include "test/fake/scripted_server.h"

#include <algorithm>
#include <utility>

#include "test/fake/server_tls.h"

namespace fallbackmx {

namespace {

std::string_view first_word(std::string_view line) { return line.substr(0, line.find_first_of(" \t")); }

}  // namespace

std::size_t ServerRecord::count(std::string_view pattern) const {
  return static_cast<std::size_t>(std::count_if(
      commands.begin(), commands.end(), [&](const auto& command) { return glob_matches(pattern, command); }));
}

ScriptedServer::ScriptedServer(std::string name) : name_(std::move(name)) { tls_.certificate_name = name_; }

Result<bool> ScriptedServer::define(std::string_view line) { return take_line(line, false); }
Result<bool> ScriptedServer::change(std::string_view line) { return take_line(line, true); }

Result<bool> ScriptedServer::take_line(std::string_view given, bool running) {
  const auto line = stripped(given);
  const std::lock_guard guard(mutex_);
  if (auto taken = take_keyword(std::string(first_word(line)), line)) return *taken;

  auto rule = ServerRule::parse(line);
  if (!rule) return Error{rule.error()};
  const auto same = std::find_if(rules_.begin(), rules_.end(), [&](const ServerRule& other) {
    return other.pattern == rule->pattern && other.when == rule->when;
  });
  if (running && same != rules_.end()) {
    *same = *std::move(rule);
  } else {
    rules_.insert(running ? rules_.begin() : rules_.end(), *std::move(rule));
  }
  return true;
}

/// Nothing when the line does not begin with a keyword.
std::optional<Result<bool>> ScriptedServer::take_keyword(const std::string& keyword, std::string_view line) {
  static const std::map<std::string, State> states = {
      {"accept", State::accept}, {"refuse", State::refuse}, {"drop", State::drop}, {"hang", State::hang}};
  if (const auto state = states.find(keyword); state != states.end() && line == keyword) {
    state_ = state->second;
    return true;
  }
  if (line == "release") return ++releases_ > 0;
  if (keyword == "starttls") return take_tls(words(line));
  if (keyword == "errors") return take_limit(errors_, line);
  if (keyword == "after") return take_limit(commands_, line);
  if (keyword != "max-connections") return std::nullopt;

  std::vector<Limit> only;
  auto taken = take_limit(only, line);
  if (taken) connections_ = only.front();
  return taken;
}

Result<bool> ScriptedServer::take_limit(std::vector<Limit>& limits, std::string_view line) {
  line = stripped(line.substr(first_word(line).size()));
  const auto number = read_number(first_word(line));
  if (!number) return Error{"a number is missing after the first word"};
  const auto rest = stripped(line.substr(first_word(line).size()));
  Limit limit{*number, {}, rest == "refuse"};
  if (!limit.refuse) {
    auto reply = parse_server_reply(columns(rest));
    if (!reply) return Error{reply.error()};
    limit.reply = *std::move(reply);
  }
  limits.push_back(std::move(limit));
  return true;
}

Result<bool> ScriptedServer::take_tls(const std::vector<std::string>& given) {
  Tls tls{true, TlsFault::none, name_};
  if (given.size() == 3 && given[1] == "cert") {
    tls.certificate_name = given[2];
  } else if (given.size() == 2) {
    static const std::map<std::string, TlsFault> faults = {
        {"abort", TlsFault::abort}, {"inject", TlsFault::inject}, {"garbage", TlsFault::garbage}};
    const auto fault = faults.find(given[1]);
    if (fault == faults.end()) return Error{"starttls does not know '" + given[1] + "'"};
    tls.fault = fault->second;
  } else if (given.size() != 1) {
    return Error{"starttls, starttls abort, inject, garbage, or cert NAME"};
  }
  tls_ = std::move(tls);
  credentials_.reset();
  return true;
}

ScriptedServer::Tls ScriptedServer::tls() const {
  const std::lock_guard guard(mutex_);
  return tls_;
}

std::shared_ptr<const ServerCredentials> ScriptedServer::credentials() {
  const std::lock_guard guard(mutex_);
  if (!credentials_) credentials_ = std::make_shared<const ServerCredentials>(tls_.certificate_name);
  return credentials_;
}

ServerRecord ScriptedServer::record() const {
  const std::lock_guard guard(mutex_);
  return record_;
}

ScriptedServer::State ScriptedServer::knock() {
  const std::lock_guard guard(mutex_);
  ++record_.knocks;
  const bool full = connections_ && record_.at_once >= connections_->number;
  return full && connections_->refuse ? State::refuse : state_;
}

ScriptedServer::State ScriptedServer::state() const {
  const std::lock_guard guard(mutex_);
  return state_;
}

std::optional<ServerReply> ScriptedServer::scripted(std::string_view command, bool pipelined, bool in_tls) {
  const std::lock_guard guard(mutex_);
  for (auto& rule : rules_) {
    // The greeting answers no command, so no star stands for it.
    if (command == "greet" && rule.pattern != "greet") continue;
    if (!rule.matches(command, pipelined, in_tls)) continue;
    if (rule.times) --*rule.times;
    return rule.reply;
  }
  return std::nullopt;
}

}  // namespace fallbackmx
