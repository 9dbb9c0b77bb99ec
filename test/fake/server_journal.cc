#include "test/fake/server_journal.h"

#include <algorithm>
#include <cstdio>

#include "test/fake/words.h"

namespace fallbackmx {

namespace {

std::string address_in(std::string_view command) {
  const auto from = command.find('<'), to = command.rfind('>');
  if (from == std::string_view::npos || to == std::string_view::npos || to < from) return {};
  return std::string(command.substr(from + 1, to - from - 1));
}

}  // namespace

std::size_t ServerRecord::count(std::string_view pattern) const {
  return static_cast<std::size_t>(std::count_if(
      commands.begin(), commands.end(), [&](const auto& command) { return glob_matches(pattern, command); }));
}

ServerRecord ServerJournal::record() const {
  const std::lock_guard guard(mutex_);
  return record_;
}

std::size_t ServerJournal::at_once() const {
  const std::lock_guard guard(mutex_);
  return record_.at_once;
}

void ServerJournal::knocked() {
  const std::lock_guard guard(mutex_);
  ++record_.knocks;
}

ServerJournal::Place ServerJournal::opened(SteadyTime now) {
  const std::lock_guard guard(mutex_);
  if (!origin_) origin_ = now;
  record_.at_once_most = std::max(record_.at_once_most, ++record_.at_once);
  return {++record_.connections, record_.at_once};
}

void ServerJournal::left() {
  const std::lock_guard guard(mutex_);
  --record_.at_once;
}

void ServerJournal::received(const Command& command) {
  const std::lock_guard guard(mutex_);
  record_.commands.push_back(command.text);
  if (command.unoffered) ++record_.unoffered_pipelining;
  if (command.second_recipient) ++record_.several_recipients;
  if (command.verb == "DATA" || command.verb == "BDAT") ++record_.datas;
  if (command.verb == "RCPT") ++record_.rcpts[address_in(command.text)];
  if (command.verb == "QUIT") ++record_.quits;
}

void ServerJournal::tls_established() {
  const std::lock_guard guard(mutex_);
  ++record_.tls;
}

void ServerJournal::hung_up() {
  const std::lock_guard guard(mutex_);
  ++record_.hangups;
}

void ServerJournal::note(std::size_t session, SteadyTime at, char who, std::string_view text) {
  const std::lock_guard guard(mutex_);
  const std::chrono::duration<double> since = at - *origin_;
  char lead[64];
  std::snprintf(lead, sizeof lead, "%9.3f #%zu %c: ", since.count(), session, who);
  // What a broken client sends belongs on one line, whatever is in it.
  std::string line(text.substr(0, 200));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  record_.transcript.push_back(lead + line);
}

}  // namespace fallbackmx
