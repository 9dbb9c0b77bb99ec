#include "test/scenario/primaries.h"

#include <algorithm>
#include <utility>

namespace fallbackmx {

std::vector<std::pair<std::size_t, std::string>> Primaries::add(const Scenario::Server& described) {
  std::vector<std::pair<std::size_t, std::string>> errors;
  auto server = std::make_shared<ScriptedServer>(described.name);
  for (const auto& [line, text] : described.lines) {
    if (const auto taken = server->define(text); !taken) errors.emplace_back(line, taken.error());
  }
  servers_.push_back(std::move(server));
  return errors;
}

std::shared_ptr<ScriptedServer> Primaries::named(const std::string& name) const {
  for (const auto& server : servers_) {
    if (server->name() == name || server->name().starts_with(name + ".")) return server;
  }
  return nullptr;
}

std::size_t Primaries::counted(const Count& count) const {
  const auto server = named(count.about[0]);
  if (!server) return 0;
  const auto record = server->record();
  if (count.what == "connections") return record.connections;
  if (count.what == "knocks") return record.knocks;
  if (count.what == "at-once") return record.at_once;
  if (count.what == "most-at-once") return record.at_once_most;
  if (count.what == "quits") return record.quits;
  if (count.what == "tls") return record.tls;
  if (count.what == "commands") return record.count(count.about[1]);
  const auto found = record.rcpts.find(count.about[1]);
  return found == record.rcpts.end() ? 0 : found->second;
}

bool Primaries::alone() const {
  return std::all_of(servers_.begin(), servers_.end(),
                     [](const auto& server) { return server->record().at_once == 0; });
}

std::vector<std::string> Primaries::bad_manners(std::size_t most_sessions, bool hangups_allowed) const {
  std::vector<std::string> found;
  for (const auto& server : servers_) {
    const auto record = server->record();
    const auto expect = [&](bool well, const std::string& what) {
      if (!well) found.push_back(server->name() + ": " + what);
    };
    expect(record.datas == 0, "a probe went on to DATA");
    expect(record.several_recipients == 0, "a transaction had a second recipient");
    expect(record.unoffered_pipelining == 0, "a command was sent ahead though PIPELINING was not offered");
    expect(record.at_once_most <= most_sessions,
           "there were " + std::to_string(record.at_once_most) + " sessions at once");
    expect(record.hangups == 0 || hangups_allowed, "a connection was left without QUIT");
  }
  return found;
}

std::string Primaries::story() const {
  std::string story;
  for (const auto& server : servers_) {
    story += "--- " + server->name() + "\n";
    for (const auto& line : server->record().transcript) story += line + "\n";
  }
  return story;
}

}  // namespace fallbackmx
