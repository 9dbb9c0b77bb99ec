#include "test/fuzz/scripted_network.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "test/fake/memory_connection.h"

namespace fallbackmx::fuzz {

namespace {

constexpr std::chrono::milliseconds one_way{5}, between_lines{1};
/// What goes on for ever does so slowly after so many lines.
constexpr std::size_t quick_lines = 3000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 0 for what does not begin with a code and a blank, a hyphen or the end.
int code_of(std::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

bool goes_on(std::string_view line) { return code_of(line) != 0 && line.size() > 3 && line[3] == '-'; }

}  // namespace

int WireRecord::reply_to(std::size_t command) const {
  return command + 1 < replies.size() ? replies[command + 1].code : 0;
}

std::size_t WireRecord::plain_commands() const {
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (commands[i] == "STARTTLS" && reply_to(i) / 100 == 2) return i + 1;
  }
  return commands.size();
}

class ScriptedNetwork::Connection final : public MemoryConnection,
                                          public std::enable_shared_from_this<Connection> {
 public:
  Connection(Simulation& simulation, std::vector<std::string_view> script, std::string server)
      : simulation_(simulation), script_(std::move(script)) {
    record.server = std::move(server);
  }

  void open(const Lock& lock) {
    record.opened = simulation_.now();
    const auto how = script_.empty() ? std::string_view("!") : script_.front();
    if (how.starts_with('~')) return;
    if (!script_.empty()) script_.erase(script_.begin());
    later(lock, 2 * one_way, [this, refused = how.starts_with('!')](Lock& held) {
      if (refused) return fail("connection refused");
      connected = true;
      go_on(held);
    });
  }

  void send(const Lock& lock, std::string bytes) override {
    later(lock, one_way, [this, text = std::move(bytes)](Lock& held) {
      partial_ += text;
      for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
        record.commands.push_back(partial_.substr(0, end - (end > 0 && partial_[end - 1] == '\r' ? 1 : 0)));
        partial_.erase(0, end + 1);
      }
      if (waiting_) go_on(held);
    });
  }

  void hang_up(const Lock&) override { record.closed = simulation_.now(); }

  void count_unanswered() { record.most_unanswered = std::max(record.most_unanswered, read - replied_at_); }

  WireRecord record;

 private:
  /// Does the next steps, until one takes time or waits for a command.
  void go_on(const Lock& lock) {
    waiting_ = false;
    while (record.closed == SteadyTime() && !closed && trouble.empty() && at_ < script_.size()) {
      const std::string_view line = script_[at_];
      if (must_wait(line)) {
        waiting_ = true;
        return;
      }
      ++at_;
      if (const auto pause = perform(line); pause.count() > 0) {
        return later(lock, pause, [this](Lock& held) { go_on(held); });
      }
    }
    flush();
  }

  static bool is_step(std::string_view line) {
    return !line.empty() && std::string_view(":+.,~!?&").find(line.front()) != std::string_view::npos;
  }

  bool must_wait(std::string_view line) const {
    if (is_step(line)) return false;
    const bool begins = line.starts_with('>') || !in_reply_;
    return begins && record.commands.size() < begun_;
  }

  std::chrono::milliseconds perform(std::string_view line) {
    const char what = is_step(line) || line.starts_with('>') ? line.front() : ' ';
    const auto text = what == ' ' ? line : line.substr(1);
    switch (what) {
      case ' ':
      case '>':
        if (what == '>' || !in_reply_) ++begun_;
        in_reply_ = goes_on(text);
        return say(text, "\r\n", true);
      case ':':
        return say(text, "\r\n", true);
      case '+':
        return say(text, "\r\n", false);
      case '.':
        return say(text, "", false);
      case ',':
        return say(text, "\n", true);
      case '&':
        --at_;
        return say(text, "\r\n", true) * (++repeated_ < quick_lines ? 1 : 1000);
      case '~':
        return pause(text);
      case '!':
        flush();
        closed = true;
        return {};
      default:
        flush();
        fail("connection reset by peer");
        return {};
    }
  }

  std::chrono::milliseconds say(std::string_view text, std::string_view end, bool whole) {
    piece_.append(text).append(end);
    if (!whole) return {};
    flush();
    return between_lines;
  }

  std::chrono::milliseconds pause(std::string_view text) {
    flush();
    unsigned seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(std::min(seconds, 3600U));
  }

  /// Everything said is there at once: packets are late in the other direction.
  void flush() {
    if (piece_.empty()) return;
    note(piece_);
    inbox.push_back(std::exchange(piece_, {}));
  }

  /// Tells replies apart.
  void note(std::string_view bytes) {
    said_ += bytes;
    for (auto end = said_.find('\n'); end != std::string::npos; end = said_.find('\n')) {
      const auto line = said_.substr(0, end - (end > 0 && said_[end - 1] == '\r' ? 1 : 0));
      said_.erase(0, end + 1);
      const int code = code_of(line);
      if (!open_reply_) open_reply_ = WireRecord::Reply{{}, code, line};
      if (open_reply_->code != code) open_reply_->code = 0;
      if (goes_on(line)) continue;
      open_reply_->at = simulation_.now();
      record.replies.push_back(*std::exchange(open_reply_, std::nullopt));
      count_unanswered();
      replied_at_ = read;
    }
  }

  void later(const Lock& lock, std::chrono::milliseconds by, Simulation::Event event) {
    simulation_.schedule(lock, simulation_.now() + by,
                         [self = shared_from_this(), event = std::move(event)](Lock& held) { event(held); });
  }

  Simulation& simulation_;
  std::vector<std::string_view> script_;
  std::size_t at_ = 0, begun_ = 0, repeated_ = 0;
  std::size_t replied_at_ = 0;  ///< bytes that had been read when the last reply was complete
  bool in_reply_ = false, waiting_ = false;
  std::string partial_, piece_, said_;
  std::optional<WireRecord::Reply> open_reply_;
};

ScriptedNetwork::ScriptedNetwork(Simulation& simulation, const std::vector<std::string_view>& script)
    : simulation_(simulation) {
  for (const auto line : script) {
    if (line.starts_with('#')) {
      scripts_.push_back({line.substr(1)});
    } else if (!scripts_.empty()) {
      scripts_.back().push_back(line);
    }
  }
}

ScriptedNetwork::~ScriptedNetwork() = default;

std::unique_ptr<Stream> ScriptedNetwork::connect(const Endpoint& to) {
  const auto lock = simulation_.lock();
  const auto number = connections_.size();
  auto script = number < scripts_.size() ? scripts_[number] : std::vector<std::string_view>();
  auto connection = std::make_shared<Connection>(simulation_, std::move(script), to.key());
  connections_.push_back(connection);
  connection->open(lock);
  return client_of(simulation_, std::move(connection));
}

std::vector<WireRecord> ScriptedNetwork::records() const {
  const auto lock = simulation_.lock();
  std::vector<WireRecord> records;
  for (const auto& connection : connections_) {
    connection->count_unanswered();
    records.push_back(connection->record);
  }
  return records;
}

}  // namespace fallbackmx::fuzz
