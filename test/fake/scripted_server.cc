#include "test/fake/scripted_server.h"

#include <algorithm>
#include <utility>

#include "test/fake/server_tls.h"

namespace fallbackmx {

namespace {

std::string_view first_word(std::string_view line) { return line.substr(0, line.find_first_of(" \t")); }

}  // namespace

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
  if (keyword == "starttls" || keyword == "wrapped") return take_tls(words(line));
  if (line == "lmtp") return lmtp_ = true;
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
  const bool wrapped = given[0] == "wrapped";
  Tls tls{!wrapped, wrapped, TlsFault::none, name_};
  if (given.size() == 3 && given[1] == "cert") {
    tls.certificate_name = given[2];
  } else if (given.size() == 2 && !wrapped) {
    static const std::map<std::string, TlsFault> faults = {{"abort", TlsFault::abort},
                                                           {"alert", TlsFault::alert},
                                                           {"inject", TlsFault::inject},
                                                           {"garbage", TlsFault::garbage}};
    const auto fault = faults.find(given[1]);
    if (fault == faults.end()) return Error{"starttls does not know '" + given[1] + "'"};
    tls.fault = fault->second;
  } else if (given.size() != 1) {
    return Error{
        "starttls, starttls abort, alert, inject, garbage, or cert NAME; wrapped, or wrapped cert NAME"};
  }
  tls_ = std::move(tls);
  credentials_.reset();
  return true;
}

ScriptedServer::Tls ScriptedServer::tls() const {
  const std::lock_guard guard(mutex_);
  return tls_;
}

bool ScriptedServer::speaks_lmtp() const {
  const std::lock_guard guard(mutex_);
  return lmtp_;
}

std::shared_ptr<const ServerCredentials> ScriptedServer::credentials() {
  const std::lock_guard guard(mutex_);
  if (!credentials_) credentials_ = std::make_shared<const ServerCredentials>(tls_.certificate_name);
  return credentials_;
}

ScriptedServer::State ScriptedServer::knock() {
  journal_.knocked();
  const auto at_once = journal_.at_once();
  const std::lock_guard guard(mutex_);
  const bool full = connections_ && at_once >= connections_->number;
  return full && connections_->refuse ? State::refuse : state_;
}

ScriptedServer::State ScriptedServer::state() const {
  const std::lock_guard guard(mutex_);
  return state_;
}

std::size_t ScriptedServer::releases() const {
  const std::lock_guard guard(mutex_);
  return releases_;
}

ServerReply ScriptedServer::greeting(std::size_t at_once) {
  auto greeting = scripted("greet", false, false).value_or(ServerReply());
  if (greeting.manner_only()) greeting.lines = {"220 " + name_ + " ESMTP"};
  const std::lock_guard guard(mutex_);
  if (!connections_ || at_once <= connections_->number) return greeting;
  greeting = connections_->reply;
  greeting.reset = connections_->refuse;  // two knocked at the same moment
  return greeting;
}

ServerReply ScriptedServer::reply_to(std::string_view command, bool pipelined, bool in_tls) {
  auto reply = scripted(command, pipelined, in_tls).value_or(ServerReply());
  if (reply.manner_only()) reply.lines = by_default(verb_of(command), in_tls);
  return reply;
}

std::vector<std::string> ScriptedServer::by_default(const std::string& verb, bool in_tls) const {
  const bool offers_tls = tls().offered && !in_tls;
  const bool lmtp = speaks_lmtp();
  if (verb == (lmtp ? "LHLO" : "EHLO")) {
    std::vector<std::string> lines = {"250-" + name_, "250-PIPELINING", "250-SIZE 10240000"};
    if (offers_tls) lines.emplace_back("250-STARTTLS");
    lines.emplace_back("250 ENHANCEDSTATUSCODES");
    return lines;
  }
  if (verb == "HELO" && !lmtp) return {"250 " + name_};
  if (verb == "STARTTLS" && offers_tls) return {"220 2.0.0 Ready to start TLS"};
  if (verb == "MAIL") return {"250 2.1.0 Ok"};
  if (verb == "RCPT") return {"250 2.1.5 Ok"};
  if (verb == "RSET" || verb == "NOOP") return {"250 2.0.0 Ok"};
  if (verb == "QUIT") return {"221 2.0.0 Bye"};
  return {"502 5.5.2 Error: command not recognized"};
}

/// The last limit that is passed counts. One that says nothing only adds its manner: Postfix's tarpit.
void ScriptedServer::limit(ServerReply& reply, std::size_t errors, std::size_t answered) const {
  const std::lock_guard guard(mutex_);
  const auto apply = [&](const std::vector<Limit>& limits, std::size_t before) {
    for (const auto& one : limits) {
      if (before < one.number) continue;
      if (one.reply.lines.empty() && one.reply.stall > Span(0)) {
        reply.stall += one.reply.stall;
      } else {
        reply = one.reply;
      }
    }
  };
  apply(errors_, errors);
  apply(commands_, answered);
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
