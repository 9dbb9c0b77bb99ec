// What fallback MXs tell each other beside verdicts: which servers are up, and whose yes would prove a no.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"

namespace fallbackmx {

/// What others say about a server: a reason to look, and never more. A value.
struct ServerWord {
  bool up = false;
  std::string words{};  ///< who says so, and of a server that is down, why
  friend bool operator==(const ServerWord&, const ServerWord&) = default;
};

/// The notes on their way to Redis, and what was read there last; who talks to Redis owns them. Used by many
/// threads at once, and nobody waits. Bounded: what finds no room is not said, and of the servers, the one
/// that nobody has asked about for longest is forgotten. Time is handed in.
///
/// A note has a key: `up:SERVER` and `down:SERVER`, each gone by itself when the next trial is due, and
/// `good:DOMAIN`, the recipient that was accepted last. One that anybody has spoken with is up, whoever
/// cannot reach it: one fallback MX that is cut off must not make the primary look dead for the others.
class SharedNotes {
 public:
  explicit SharedNotes(std::string we) : we_(std::move(we)) {}

  struct Note {
    std::string key;
    std::string text;  ///< empty: the note is to be taken down
    std::chrono::seconds lifetime{};
    friend bool operator==(const Note&, const Note&) = default;
  };

  /// The same is not said twice within half its lifetime.
  void tell(const std::string& server, const ServerWord& word, std::chrono::seconds lifetime, SteadyTime now);
  void tell_good(std::string_view domain, const std::string& recipient, std::chrono::seconds lifetime,
                 SteadyTime now);
  /// What is to be written.
  std::vector<Note> take();

  /// What was read about the server, if that was not too long ago. From the first question on, it is wanted.
  std::optional<ServerWord> heard(const std::string& server, SteadyTime now);
  /// The keys to read: all that may be about the servers that somebody has asked about.
  std::vector<std::string> wanted() const;
  /// What stands there, in the same order. Any byte may be wrong.
  void read(const std::vector<std::string>& keys, const std::vector<std::optional<std::string>>& texts,
            SteadyTime now);

  static constexpr std::size_t most_servers = 1000, most_waiting = 10'000;
  static constexpr std::chrono::seconds good_pause{60}, freshness{5};

 private:
  struct Heard {
    SteadyTime asked{}, read_at = SteadyTime::min();
    std::optional<std::string> up{}, down{};
  };
  bool said_lately(const std::string& key, std::chrono::milliseconds pause, SteadyTime now);
  void add(Note note);

  const std::string we_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::map<std::string, Note> waiting_;
  RecentMap<std::string, SteadyTime> said_{20'000};  ///< until when it need not be said again
  std::map<std::string, Heard> servers_;
};

}  // namespace fallbackmx
