// The whole verifier, with threads, sessions and judgement, against servers that say anything. The input is a
// script of scripted_network.h, and before its first `#`:
//
//     @u@example.org          somebody asks for this recipient
//     @                       whoever comes next asks a minute later
//     %smtp_tls_security_level=none     a setting
//
// example.org has two servers; example.net has the first of them alone.
#include <array>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "milter/rules/decision.h"
#include "probe/base/log.h"
#include "probe/base/metrics.h"
#include "probe/mail/smtp_reply.h"
#include "probe/store/store.h"
#include "probe/verifier/verifier.h"
#include "test/fake/fake_resolver.h"
#include "test/fuzz/script.h"
#include "test/fuzz/scripted_network.h"
#include "test/fuzz/settings_with.h"
#include "test/fuzz/targets.h"
#include "test/fuzz/truth.h"

namespace fallbackmx::fuzz {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_clients = 6;
/// Six recipients, each asked about with as many controls as there may be, by a server that always takes its
/// time.
constexpr std::chrono::minutes longest_session{10};
/// Nobody listens to one reply for longer.
constexpr std::size_t most_bytes_of_a_reply = 4 << 20;

struct Client {
  Address recipient;
  std::chrono::seconds comes{};
  SteadyTime asked{}, heard{};
  Finding finding{};
};

struct Story {
  std::vector<Client> clients;
  std::shared_ptr<const Settings> settings;
  std::vector<std::string_view> script;
  bool as_usual = true;  ///< no setting was changed
};

Story story_in(std::string_view input) {
  static const std::vector<std::string> usual = {"myhostname=fallback.example.net", "probe_session_limit=1"};
  static const auto usual_settings = settings_with(usual);
  Story story;
  auto overrides = usual;
  std::chrono::seconds time{0};
  auto lines = lines_of(input);
  auto line = lines.begin();
  for (; line != lines.end() && !line->starts_with('#'); ++line) {
    const auto rest = line->substr(std::min<std::size_t>(1, line->size()));
    if (*line == "@") time += 60s;
    if (line->starts_with('%') && rest.find('/') == std::string_view::npos) overrides.emplace_back(rest);
    if (!line->starts_with('@') || story.clients.size() == most_clients) continue;
    auto recipient = Address::parse(rest);
    if (recipient && !recipient->domain().empty()) story.clients.push_back({*std::move(recipient), time});
  }
  story.script.assign(line, lines.end());
  if (overrides.size() > usual.size()) story.settings = settings_with(overrides);
  story.as_usual = !story.settings;
  if (!story.settings) story.settings = usual_settings;
  return story;
}

/// A probe is polite, whatever the server says.
void require_manners(const WireRecord& record) {
  static const std::set<std::string> verbs = {"EHLO", "HELO", "STAR", "MAIL", "RCPT", "RSET", "QUIT"};
  std::size_t recipients = 0;
  bool over = false;
  for (std::size_t i = 0; i < record.plain_commands(); ++i) {
    const auto& command = record.commands[i];
    const auto verb = command.substr(0, 4);
    require(!over, "nothing is said after QUIT");
    require(verbs.contains(verb), "nothing but probes is said");
    for (const char c : command)
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a command has no control character");
    require(command.size() <= 510 + 30, "a command fits into a line");
    over = command == "QUIT";
    recipients = verb == "MAIL" ? 0 : recipients + (verb == "RCPT" ? 1 : 0);
    require(recipients <= 1, "a transaction has one recipient");
  }
}

std::string domain_asked_about(const WireRecord& record) {
  for (const auto& command : record.commands) {
    if (command.starts_with("RCPT")) return command.substr(command.rfind('@'));
  }
  return {};
}

/// The usual settings allow one session at one time to a destination, which is a domain here.
void require_one_at_a_time(const std::vector<WireRecord>& records) {
  std::map<std::string, SteadyTime> free_from;
  for (const auto& record : records) {
    const auto domain = domain_asked_about(record);
    if (domain.empty()) continue;
    const SteadyTime end = record.closed == SteadyTime() ? SteadyTime::max() : record.closed;
    require(!record.replies.empty(), "nothing is said before the greeting");
    require(record.replies.front().at >= free_from[domain], "a destination has one session at a time");
    free_from[domain] = end;
  }
}

void require_finding(const Client& client, const Truth& truth, const Settings& settings) {
  const Finding& finding = client.finding;
  require(client.heard <= client.asked + settings.answer_timeout + 100ms, "an answer comes in time");
  require(is_printable_ascii(finding.why) && is_printable_ascii(finding.words) &&
              is_printable_ascii(finding.dsn) && is_printable_ascii(finding.primary),
          "what a server said is printable");
  require(finding.words.size() <= 500 && finding.why.size() <= 4000, "what a server said is bounded");
  if (finding.verdict == Verdict::undeliverable)
    require(truth.proves_no(client.recipient, client.heard, settings.probe_control_time), "a no is proven");
  if (finding.verdict == Verdict::deliverable)
    require(truth.has_yes(client.recipient, client.heard), "a yes was said");
  const Decision decision = decide(finding, settings, client.recipient.text());
  require(!decision.reply.rejects() || finding.verdict == Verdict::undeliverable, "only a proven no rejects");
  require(is_printable_ascii(decision.reply.text) && for_libmilter(decision.reply).size() <= 980,
          "what a client hears is printable, and bounded");
}

void require_memory(const Client& client, const Truth& truth, Store& store, SteadyTime now,
                    const Settings& settings) {
  const auto record = store.find(client.recipient.key());
  if (!record) return;
  require(sound(*record) == record, "what is remembered is sound");
  if (record->verdict == Verdict::undeliverable)
    require(truth.proves_no(client.recipient, now, settings.probe_control_time),
            "a no that is remembered was proven");
  if (record->verdict == Verdict::deliverable)
    require(truth.has_yes(client.recipient, now), "a yes that is remembered was said");
}

class Play {
 public:
  explicit Play(Story story) : story_(std::move(story)), network_(clock_, story_.script) {
    for (const auto* line :
         {"example.org MX 10 mx1.example.org", "example.org MX 20 mx2.example.org",
          "example.net MX 10 mx1.example.org", "mx1.example.org A 192.0.2.1", "mx2.example.org A 192.0.2.2"})
      dns_.add(line);
  }

  void run() {
    verifier_.emplace(Services{clock_, dns_, network_, *store_, log_, metrics_, loop_}, story_.settings);
    ask_all();
    // Whoever was accepted in an outage is asked about again and again, by itself.
    here_->sleep_until(clock_.now() + longest_session + 2min);
    const SteadyTime end = clock_.now();
    here_.reset();
    verifier_.reset();
    judge(end);
  }

 private:
  void ask_all() {
    const SteadyTime begin = clock_.now();
    std::vector<std::thread> threads;
    for (auto& client : story_.clients) {
      threads.emplace_back(
          [this, begin, &client, own = std::shared_ptr<Sleeper>(clock_.sleeper())]() mutable {
            own->sleep_until(begin + client.comes);
            client.asked = clock_.now();
            client.finding = verifier_->verify({.recipient = client.recipient,
                                                .next_hop = {},
                                                .deadline = client.asked + story_.settings->answer_timeout});
            client.heard = clock_.now();
            if (++answered_ == story_.clients.size()) here_->wake();
            own.reset();
          });
    }
    if (!threads.empty()) here_->sleep_until(begin + 1h);
    for (auto& thread : threads) thread.join();
  }

  void judge(SteadyTime end) {
    const auto records = network_.records();
    const Truth truth(records);
    for (const auto& record : records) {
      require_manners(record);
      const SteadyTime until = record.closed == SteadyTime() ? end : record.closed;
      require(!story_.as_usual || until - record.opened <= longest_session, "every session ends");
      require(record.most_unanswered <= most_bytes_of_a_reply, "an endless reply is not listened to");
    }
    if (story_.as_usual) require_one_at_a_time(records);
    for (const auto& client : story_.clients) {
      require_finding(client, truth, *story_.settings);
      require_memory(client, truth, *store_, clock_.now(), *story_.settings);
    }
    require(log_is_clean_, "a line of the log is printable, and bounded");
  }

  Story story_;
  Simulation clock_;
  FakeResolver dns_{clock_};
  ScriptedNetwork network_;
  std::atomic<bool> log_is_clean_ = true;
  Log log_{[this](LogLevel, std::string_view line) {
             if (!is_clean_log_line(line)) log_is_clean_ = false;
           },
           LogLevel::debug};
  Metrics metrics_;
  std::unique_ptr<Store> store_ = make_memory_store();
  std::atomic<std::size_t> answered_ = 0;
  std::unique_ptr<Sleeper> here_ = clock_.sleeper();  ///< while this thread runs no time passes
  LoopThread loop_{clock_};
  std::optional<Verifier> verifier_;
};

}  // namespace

void session(std::string_view input) { Play(story_in(input)).run(); }

}  // namespace fallbackmx::fuzz
