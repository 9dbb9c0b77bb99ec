// Requests on the control socket, one a line, and what the operator's command makes of the answers. A line
// that begins with `!` comes from somebody who may only look.
#include <sys/types.h>
#include <unistd.h>

#include "milter/command/rendering.h"
#include "milter/control/control_message.h"
#include "milter/control/operations.h"
#include "test/fake/simulation.h"
#include "test/fuzz/script.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

constexpr ControlPeer root{.user = 0, .process = 7};

/// Neither root nor whoever runs the test.
ControlPeer stranger() { return {.user = geteuid() + 1000, .process = 8}; }

class Daemon {
 public:
  Daemon() {
    store_->put(
        "user@example.org",
        {.verdict = Verdict::deliverable, .code = 250, .asked = clock_.wall(), .last_yes = clock_.wall()});
    store_->put("nobody@example.org", {.verdict = Verdict::undeliverable,
                                       .code = 550,
                                       .dsn = "5.1.1",
                                       .words = "no",
                                       .asked = clock_.wall()});
    // As strangers and primaries may have written them.
    recent_.add({.recipient = "a\x1b[2J@example.org",
                 .sender = "\xff\n",
                 .client = "h\r[192.0.2.9]",
                 .action = "reject",
                 .verdict = Verdict::undeliverable,
                 .reply = "no\x07",
                 .why = "\x9b"},
                clock_.now());
  }

  void ask(std::string_view line) {
    const bool may_change = !line.starts_with('!');
    if (!may_change) line.remove_prefix(1);
    const std::size_t changes = changes_;
    const auto remembered = store_->walk({.limit = 1000}).lines;
    const std::string answer = operations_.answer(line, may_change ? root : stranger());
    require(is_printable_ascii(answer), "an answer is one line of ASCII");
    require(may_change || (changes_ == changes && store_->walk({.limit = 1000}).lines == remembered),
            "who may only look changes nothing");
    const auto reply = read_reply(answer);
    require(static_cast<bool>(reply), "the command understands the daemon");
    require(reply->exit >= 0 && reply->exit <= 127, "an exit status is one");
    require_shown(line, *reply);
  }

 private:
  static ConfigSources sources() {
    return {.file = {}, .environment = {}, .overrides = {"myhostname=fallback.example.net"}};
  }
  static const Config& config() {
    static const Config config = read_config(sources());
    return config;
  }

  static void require_shown(std::string_view line, const ControlReply& reply) {
    ControlRequest request;
    ControlReply trouble;
    if (!reply.ok() || !read_request(line, request, trouble)) return;
    require(is_printable_lines(rendered(request.verb, reply.result)),
            "what is shown on a terminal is printable");
  }

  Simulation clock_;
  Log log_{[](LogLevel, std::string_view) {}};
  Metrics metrics_;
  std::size_t changes_ = 0;
  Configuration configuration_{sources(), config(), clock_,
                               log_,      metrics_, [this](const auto&) { ++changes_; }};
  std::unique_ptr<Store> store_ = make_memory_store();
  RecentVerdicts recent_;
  const Operations operations_{
      {.clock = clock_,
       .log = log_,
       .store = *store_,
       .configuration = configuration_,
       .verify =
           [](const Question& question) {
             return Finding{.verdict = Verdict::undeliverable,
                            .source = Source::probe,
                            .stage = Stage::rcpt,
                            .primary = "mx1.example.org[192.0.2.1]:25",
                            .code = 550,
                            .dsn = "5.1.1",
                            .words = question.recipient.text(),
                            .why = question.next_hop};
           },
       .primaries =
           [] { return std::vector<PrimaryState>{{.server = "mx1[192.0.2.1]:25", .key = "192.0.2.1:25"}}; },
       .steer = [this](const std::string&, Verifier::Wish) { ++changes_; },
       .recent = recent_,
       .milter_socket = "unix:/x",
       .ready = [] { return true; }}};
};

}  // namespace

void control_request(std::string_view input) {
  Daemon daemon;
  for (const auto line : lines_of(input, 20)) daemon.ask(line);
}

}  // namespace fallbackmx::fuzz
