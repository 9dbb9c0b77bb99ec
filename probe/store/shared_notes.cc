#include "probe/store/shared_notes.h"

#include <algorithm>
#include <utility>

#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr std::size_t note_limit = 300;
constexpr std::string_view up = "up:", down = "down:", good = "good:";

std::string key_of(std::string_view kind, std::string_view name) { return std::string(kind).append(name); }

}  // namespace

bool SharedNotes::said_lately(const std::string& key, std::chrono::milliseconds pause, SteadyTime now) {
  SteadyTime& until = said_.touch(key);
  if (now < until) return true;
  until = now + pause;
  return false;
}

void SharedNotes::add(Note note) {
  if (waiting_.size() >= most_waiting && !waiting_.contains(note.key)) return;
  waiting_.insert_or_assign(note.key, note);
}

void SharedNotes::tell(const std::string& server, const ServerWord& word, std::chrono::seconds lifetime,
                       SteadyTime now) {
  lifetime = std::max(lifetime, std::chrono::seconds(1));
  const std::string key = key_of(word.up ? up : down, server);
  const std::lock_guard lock(mutex_);
  if (said_lately(key, std::chrono::milliseconds(lifetime) / 2, now)) return;
  add({key, printable(word.words.empty() ? we_ : we_ + ": " + word.words, note_limit), lifetime});
  // The other may be said at once from now on.
  const std::string other = key_of(word.up ? down : up, server);
  said_.erase(other);
  if (word.up) add({other, {}, {}});
}

void SharedNotes::tell_good(std::string_view domain, const std::string& recipient,
                            std::chrono::seconds lifetime, SteadyTime now) {
  const std::string key = key_of(good, domain);
  const std::lock_guard lock(mutex_);
  if (!said_lately(key, good_pause, now)) add({key, recipient, lifetime});
}

std::vector<SharedNotes::Note> SharedNotes::take() {
  const std::lock_guard lock(mutex_);
  std::vector<Note> notes;
  for (auto& [key, note] : std::exchange(waiting_, {})) notes.push_back(std::move(note));
  return notes;
}

std::optional<ServerWord> SharedNotes::heard(const std::string& server, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Heard& heard = servers_[server];
  heard.asked = now;
  const bool fresh = heard.read_at != SteadyTime::min() && now - heard.read_at <= freshness;
  std::optional<ServerWord> word;
  if (fresh && heard.up) {
    word = {true, *heard.up};
  } else if (fresh && heard.down) {
    word = {false, *heard.down};
  }
  if (servers_.size() > most_servers) {
    servers_.erase(std::min_element(servers_.begin(), servers_.end(), [](const auto& one, const auto& other) {
      return one.second.asked < other.second.asked;
    }));
  }
  return word;
}

std::vector<std::string> SharedNotes::wanted() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [server, heard] : servers_) {
    keys.push_back(key_of(up, server));
    keys.push_back(key_of(down, server));
  }
  return keys;
}

void SharedNotes::read(const std::vector<std::string>& keys,
                       const std::vector<std::optional<std::string>>& texts, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < std::min(keys.size(), texts.size()); ++i) {
    const bool is_up = keys[i].starts_with(up);
    const auto server = servers_.find(keys[i].substr(is_up ? up.size() : down.size()));
    if (server == servers_.end()) continue;
    auto& text = is_up ? server->second.up : server->second.down;
    text.reset();
    if (texts[i] && !texts[i]->empty()) text = printable(*texts[i], note_limit);
    server->second.read_at = now;
  }
}

}  // namespace fallbackmx
