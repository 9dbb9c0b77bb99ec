// A Redis that does what a test wants.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace fallbackmx {

/// Listens on a UNIX-domain socket from construction to destruction, and keeps strings. Its data may be
/// looked at and changed between commands.
class FakeRedis {
 public:
  enum class Mood {
    well,
    silent,    ///< takes everything, answers nothing
    hangs_up,  ///< on everybody who speaks
    garbage,   ///< answers with no RESP
    endless,   ///< begins a reply that does not end
    full,      ///< takes no writes
  };

  explicit FakeRedis(const std::string& path, std::string password = {});
  ~FakeRedis();

  void be(Mood mood) { mood_ = mood; }
  /// How many commands began with this word and were about this key.
  int count(const std::string& word, const std::string& key);
  std::string get(const std::string& key);
  void set(const std::string& key, const std::string& value);
  /// The command that wrote a key last.
  std::vector<std::string> written(const std::string& key);

 private:
  struct Client {
    int fd;
    std::string unread;
    bool let_in = false;
  };
  void serve();
  bool read(Client& client);
  std::string answer(Client& client, const std::vector<std::string>& command);

  const std::string password_;
  std::atomic<Mood> mood_ = Mood::well;
  std::atomic<bool> stopping_ = false;
  int listener_ = -1;
  std::mutex mutex_;  ///< guards the data
  std::map<std::string, std::string> data_;
  std::vector<std::vector<std::string>> commands_;
  std::thread thread_;
};

}  // namespace fallbackmx
