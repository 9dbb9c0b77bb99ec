// Milter callbacks in any order. A line is a step:
//
//     session 2                          the next steps are of this session, 0 to 3
//     negotiate 511                      the actions that the MTA offers
//     connect mail.example.com 192.0.2.7     without an address: the MTA does not know it; name -: none
//     helo name                          nothing behind it: no argument
//     from <s@example.net> SMTPUTF8
//     rcpt <u@example.org>
//     eom, abort, close
//     macro {rcpt_mailer} smtp           of the session; without a value: not there any more
//     unwilling                          libmilter refuses whatever the session asks of it
//     verdict undeliverable 550 5.1.1 no such user      what the verifier finds from now on; broken: it
//     throws set soft_bounce=yes                a reload with this setting drain, shut
//
// The daemon's own desk, rules and log stand behind the callbacks.
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>

#include "conf/config.h"
#include "milter/callbacks.h"
#include "probe/metrics.h"
#include "probe/smtp_reply.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/simulation.h"
#include "test/fuzz/fake_libmilter.h"
#include "test/fuzz/script.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

std::shared_ptr<const Settings> settings_with(const std::vector<std::string>& overrides) {
  return read_config({.file = {}, .environment = {}, .overrides = overrides}).settings;
}

unsigned long number(std::string_view text) {
  unsigned long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Verdict verdict_named(std::string_view name) {
  for (const auto verdict : {Verdict::deliverable, Verdict::undeliverable, Verdict::deferred,
                             Verdict::refused, Verdict::unavailable, Verdict::misrouted, Verdict::late}) {
    if (to_string(verdict) == name) return verdict;
  }
  return Verdict::unavailable;
}

/// As the verifier has it: what is the server's is printable.
Finding finding_in(std::string_view line) {
  Finding finding{.verdict = verdict_named(take_word(line)), .source = Source::probe, .stage = Stage::rcpt};
  finding.code = static_cast<int>(number(take_word(line)) % 600);
  finding.dsn = printable(take_word(line), 11);
  finding.words = printable(line);
  finding.why = printable(line, 900);
  finding.primary = "mx1.example.org[192.0.2.1]:25";
  return finding;
}

/// NUL-terminated arguments, as libmilter hands them over; the first is always there.
class Arguments {
 public:
  explicit Arguments(std::string_view line) {
    do words_.emplace_back(take_word(line));
    while (!line.empty());
    for (auto& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

/// A name that may not be there.
class Name {
 public:
  explicit Name(std::string_view text) : text_(text), none_(text.empty() || text == "-") {}
  char* get() { return none_ ? nullptr : text_.data(); }

 private:
  std::string text_;
  bool none_;
};

class Daemon {
 public:
  Daemon() : settings_(initial()), desk_(services(), settings_) {
    resolver_.add("example.org MX 10 mx1.example.org");
    resolver_.add("example.net A 192.0.2.9");
    resolver_.add("dead.example SERVFAIL");
    register_callbacks(desk_, log_);
  }
  ~Daemon() { clear(); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void step(std::string_view line) {
    const auto verb = take_word(line);
    if (verb == "session") current_ = number(line) % sessions_.size();
    if (verb == "verdict") finding_ = finding_in(line);
    broken_ = verb == "broken" || (verb != "verdict" && broken_);
    if (verb == "set") set(line);
    if (verb == "drain") desk_.drain();
    if (verb == "shut") desk_.close(std::chrono::milliseconds(0));
    if (verb == "unwilling") session().unwilling = true;
    if (verb == "macro") set_macro(line);
    callback(verb, line);
  }

  /// libmilter closes every session.
  void end() {
    for (current_ = 0; current_ < sessions_.size(); ++current_) close();
    require(waiting_ == 0, "whoever says that it waits says when it has an answer");
  }

 private:
  static std::shared_ptr<const Settings> initial() {
    static const auto settings = settings_with({"relay_domains=example.org, below.example"});
    return settings;
  }

  DeskServices services() {
    return {clock_,
            resolver_,
            log_,
            metrics_,
            [this](const Question&) {
              if (broken_) throw std::runtime_error("out of descriptors");
              return finding_;
            },
            [this] { ++waiting_; },
            [this] { --waiting_; }};
  }

  smfi_str& session() {
    auto& session = sessions_[current_];
    if (!session) session = std::make_unique<smfi_str>();
    return *session;
  }

  void set(std::string_view line) {
    if (line.find('/') != std::string_view::npos) return;  // the machine's own files are no part of the input
    if (auto settings = settings_with({"relay_domains=example.org, below.example", std::string(line)})) {
      settings_ = std::move(settings);
      desk_.reload(settings_);
    }
  }

  void set_macro(std::string_view line) {
    const std::string name(take_word(line));
    if (line.empty()) {
      session().macros.erase(name);
    } else {
      session().macros[name] = std::string(line).c_str();  // ends at a NUL, as libmilter's do
    }
  }

  void callback(std::string_view verb, std::string_view line) {
    if (verb == "negotiate") negotiate(number(line));
    if (verb == "connect") connect(line);
    if (verb == "helo") {
      Name name(line);
      answered(callbacks().xxfi_helo(begin(), name.get()), false);
    }
    if (verb == "from") {
      Arguments arguments(line);
      answered(callbacks().xxfi_envfrom(begin(), arguments.get()), false);
    }
    if (verb == "rcpt") {
      Arguments arguments(line);
      answered(callbacks().xxfi_envrcpt(begin(), arguments.get()), true);
    }
    if (verb == "eom") {
      session().at_end = true;
      answered(callbacks().xxfi_eom(begin()), false);
      session().at_end = false;
    }
    if (verb == "abort" && callbacks().xxfi_abort != nullptr)
      answered(callbacks().xxfi_abort(begin()), false);
    if (verb == "close") close();
  }

  void negotiate(unsigned long offered) {
    unsigned long actions = 0, protocol = 0, more = 0, most = 0;
    session().negotiating = true;
    const auto status =
        callbacks().xxfi_negotiate(begin(), offered, offered, 0, 0, &actions, &protocol, &more, &most);
    session().negotiating = false;
    require((actions & ~offered) == 0 && (protocol & ~offered) == 0,
            "nothing is asked for that is not offered");
    answered(status, false);
  }

  void connect(std::string_view line) {
    Name name(take_word(line));
    boost::system::error_code none;
    const auto address = boost::asio::ip::make_address(std::string(line), none);
    sockaddr_in6 in6{};
    sockaddr_in in4{};
    sockaddr* from = nullptr;
    if (!none && address.is_v6()) {
      in6.sin6_family = AF_INET6;
      const auto bytes = address.to_v6().to_bytes();
      std::memcpy(&in6.sin6_addr, bytes.data(), bytes.size());
      from = reinterpret_cast<sockaddr*>(&in6);
    } else if (!none) {
      in4.sin_family = AF_INET;
      in4.sin_addr.s_addr = htonl(address.to_v4().to_uint());
      from = reinterpret_cast<sockaddr*>(&in4);
    } else if (line == "unix") {
      in4.sin_family = AF_UNIX;
      from = reinterpret_cast<sockaddr*>(&in4);
    }
    answered(callbacks().xxfi_connect(begin(), name.get(), from), false);
  }

  void close() {
    if (!sessions_[current_]) return;
    answered(callbacks().xxfi_close(begin()), false);
    require(session().private_data == nullptr, "nothing of a session is left when it is closed");
    sessions_[current_].reset();
  }

  static const smfiDesc& callbacks() { return registered_callbacks(); }

  SMFICTX* begin() {
    session().reply.reset();
    return &session();
  }

  /// libmilter keeps a reply that does not go with the status, and shows it some other time.
  void answered(sfsistat status, bool about_recipient) {
    if (session().broken != nullptr) require(false, session().broken);
    require(log_is_clean_, "a line of the log is printable, and bounded");
    const auto& reply = session().reply;
    require(status == SMFIS_CONTINUE || about_recipient, "only RCPT is answered with a no");
    require(status == SMFIS_CONTINUE || status == SMFIS_REJECT || status == SMFIS_TEMPFAIL,
            "an answer is about one recipient");
    if (status == SMFIS_CONTINUE) return require(!reply, "no reply is left behind");
    const char digit = status == SMFIS_REJECT ? '5' : '4';
    if (session().unwilling) return;
    require(reply && reply->code[0] == digit, "a no has a reply of its class");
    require(settings_->mode != Enforcement::log_only || closed(*reply), "in log-only mode nobody is refused");
    require(!broken_ || status == SMFIS_TEMPFAIL || !says_undeliverable(*reply), "trouble of ours is no 5xx");
    require(finding_.verdict == Verdict::undeliverable || !says_undeliverable(*reply),
            "nobody is undeliverable without a verdict");
  }

  static bool closed(const smfi_str::Reply& reply) { return reply.dsn == "4.3.2"; }
  static bool says_undeliverable(const smfi_str::Reply& reply) {
    return reply.code[0] == '5' && reply.text.find("undeliverable address: ") != std::string::npos;
  }

  /// When the input broke a promise, the rest must not leak.
  void clear() {
    for (auto& session : sessions_) {
      if (session && session->private_data != nullptr) callbacks().xxfi_close(session.get());
    }
  }

  Simulation clock_;
  FakeResolver resolver_{[](SteadyTime) {}};
  Log log_{[this](LogLevel, std::string_view line) {
             if (!is_printable_ascii(line) || line.size() > 2048) log_is_clean_ = false;
           },
           LogLevel::debug};
  Metrics metrics_;
  Finding finding_{.verdict = Verdict::deliverable};
  bool broken_ = false, log_is_clean_ = true;
  int waiting_ = 0;
  std::shared_ptr<const Settings> settings_;
  Desk desk_;
  std::array<std::unique_ptr<smfi_str>, 4> sessions_;
  std::size_t current_ = 0;
};

}  // namespace

void milter_callbacks(std::string_view input) {
  Daemon daemon;
  for (const auto line : lines_of(input)) daemon.step(line);
  daemon.end();
}

}  // namespace fallbackmx::fuzz
