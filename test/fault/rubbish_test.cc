// Whom we ask talks rubbish: a primary at each point of a session, a Redis at each question. What a scripted
// server cannot say: anything that is no line, no reply or no TLS. What a well-formed lie does is shown by
// the scenarios, and by fuzz/session_fuzz.cc without sockets.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "test/fault/raw_server.h"
#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

using namespace std::string_literals;

struct Rubbish {
  std::string name, bytes;
  bool close = false;   ///< and hangs up; else it goes on as a primary does
  bool single = false;  ///< each byte in a packet of its own
};

std::string repeated(std::string_view what, int times) {
  std::string all;
  while (times-- > 0) all += what;
  return all;
}

const Rubbish table[] = {
    {"nothing, and hangs up", "", true},
    {"NUL bytes", "\0\0\0\0\r\n"s},
    {"a NUL byte within the code",
     "2\0"
     "50 ok\r\n"s},
    {"a NUL byte within the words", "550 5.1.1 no\0such user\r\n"s},
    {"NUL bytes without an end", std::string(3000, '\0'), true},
    {"a negative code", "-550 5.1.1 no such user\r\n"},
    {"a code of four digits", "5501 no such user\r\n"},
    {"a code of two digits", "55 no such user\r\n"},
    {"code 000", "000 5.1.1 no such user\r\n"},
    {"code 999", "999 5.1.1 no such user\r\n"},
    {"a code in other digits", "\xd9\xa5\xd9\xa5\xd9\xa0 no such user\r\n"},
    {"lines of two codes, no behind yes", "250-ok\r\n550 5.1.1 no such user\r\n"},
    {"lines of two codes, yes behind no", "550-5.1.1 no such user\r\n250 ok\r\n"},
    {"a last line that never comes", "550-5.1.1 no such user\r\n", true},
    {"a refusal without an end", "550 5.1.1 no such user", true},
    {"a yes without an end", "250 2.1.5 ok", true},
    {"a code alone, without an end", "550", true},
    {"lines that end in LF", "550-5.1.1 no\n550 5.1.1 such user\n"},
    {"lines that end in CR", "550 5.1.1 no such user\r550 5.1.1 no such user\r", true},
    {"twenty refusals ahead", repeated("550 5.1.1 no such user\r\n", 20)},
    {"twenty refusals ahead, and hangs up", repeated("550 5.1.1 no such user\r\n", 20), true},
    {"twenty yeses ahead", repeated("250 2.1.5 ok\r\n", 20)},
    {"yes and no in turns ahead", repeated("250 2.1.5 ok\r\n550 5.1.1 no\r\n", 20)},
    {"a line of 200,000 bytes", "550 5.1.1 " + std::string(200'000, 'x') + "\r\n"},
    {"20,000 lines", repeated("550-5.1.1 no\r\n", 20'000) + "550 5.1.1 no\r\n"},
    {"a TLS alert", "\x15\x03\x01\x00\x02\x02\x28"s, true},
    {"a TLS handshake", "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"s, true},
    {"TLS data", "\x17\x03\x03\x40\x00"s + std::string(300, '\xaa'), true},
    {"HTTP", "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", true},
    {"SSH", "SSH-2.0-OpenSSH_9.2\r\n"},
    {"8-bit bytes", std::string(500, '\xff') + "\r\n"},
    {"blank lines", "\r\n\r\n\r\n"},
    {"the word ok", "ok\r\n"},
    {"a refusal byte by byte", "550 5.1.1 no such user\r\n", false, true},
    {"a refusal byte by byte, cut off", "550-5.1.1 no such us", true, true},
};

enum class Phase { greeting, ehlo, starttls, handshake, mail, rcpt, rset, quit };
constexpr std::pair<Phase, std::string_view> phases[] = {
    {Phase::greeting, "greeting"}, {Phase::ehlo, "EHLO"},
    {Phase::starttls, "STARTTLS"}, {Phase::handshake, "the TLS handshake"},
    {Phase::mail, "MAIL"},         {Phase::rcpt, "RCPT"},
    {Phase::rset, "RSET"},         {Phase::quit, "QUIT"},
};

/// What every primary says now, and where; the test changes it between rounds.
struct Mood {
  std::atomic<const Rubbish*> rubbish{nullptr};
  std::atomic<Phase> at{Phase::greeting};
};

/// A primary that is well but for its mood. As WithFaults' own, it knows whoever is called `user...`.
class Primary final : public RawPart {
 public:
  explicit Primary(const Mood& mood) : mood_(mood) {}

  Said hear(std::string_view bytes) override {
    if (bytes.empty()) return reply(Phase::greeting, "220 primary.example ESMTP\r\n");
    if (in_handshake_) return reply(Phase::handshake, "");
    heard_ += bytes;
    Said all;
    for (auto end = heard_.find("\r\n"); end != std::string::npos && !all.close; end = heard_.find("\r\n")) {
      const Said one = answer(heard_.substr(0, end));
      heard_.erase(0, end + 2);
      all = {all.bytes + one.bytes, one.close, all.single || one.single};
    }
    return all;
  }

 private:
  bool offers_tls() const {
    return mood_.rubbish != nullptr && (mood_.at == Phase::starttls || mood_.at == Phase::handshake);
  }

  Said reply(Phase phase, std::string good) const {
    const Rubbish* rubbish = mood_.rubbish;
    if (rubbish == nullptr || mood_.at != phase) return {std::move(good), phase == Phase::quit};
    return {rubbish->bytes, rubbish->close || phase == Phase::quit, rubbish->single};
  }

  Said answer(const std::string& command) {
    if (command.starts_with("EHLO") || command.starts_with("HELO"))
      return reply(Phase::ehlo, "250-primary.example\r\n250-PIPELINING\r\n"s +
                                    (offers_tls() ? "250-STARTTLS\r\n" : "") + "250 ENHANCEDSTATUSCODES\r\n");
    if (command == "STARTTLS") {
      in_handshake_ = mood_.at == Phase::handshake;
      return reply(Phase::starttls, "220 2.0.0 go ahead\r\n");
    }
    if (command.starts_with("MAIL")) return reply(Phase::mail, "250 2.1.0 ok\r\n");
    if (command.starts_with("RCPT TO:<user") || command.starts_with("RCPT TO:<postmaster"))
      return reply(Phase::rcpt, "250 2.1.5 ok\r\n");
    if (command.starts_with("RCPT")) return reply(Phase::rcpt, "550 5.1.1 no such user\r\n");
    if (command == "RSET") return reply(Phase::rset, "250 2.0.0 ok\r\n");
    if (command == "QUIT") return reply(Phase::quit, "221 2.0.0 bye\r\n");
    return {"502 5.5.1 what?\r\n"};
  }

  const Mood& mood_;
  std::string heard_;
  bool in_handshake_ = false;
};

class RubbishFromThePrimary : public WithFaults {
 protected:
  RubbishFromThePrimary() { port_ = server_.port(); }

  /// A round with a primary that says this there, and then rounds with a good one.
  void survive(const Rubbish& rubbish, Phase phase, const std::string& when) {
    mood_.at = phase;
    mood_.rubbish = &rubbish;
    const std::size_t log_before = log_size();
    const Heard heard = round();
    mood_.rubbish = nullptr;
    ++rounds_of_rubbish_;
    answered_otherwise_ += heard.known != "continue" || !heard.unknown.starts_with("550");
    expect_no_wrong_answer(heard, when);
    for (const std::string& each : {heard.known, heard.unknown, heard.by_name})
      EXPECT_FALSE(each.empty() || each == "end") << when << ": not answered";
    const bool at_rcpt = phase == Phase::rcpt;
    const bool says_yes = rubbish.bytes.find("250 2.1.5 ok\r\n") != std::string::npos;
    if (!at_rcpt || !says_yes) expect_explained(heard, lines_since(log_before), when);
    // A no needs a yes for its proof, and this primary says none.
    EXPECT_FALSE(at_rcpt && heard.unknown.starts_with('5')) << when << ": " << heard.unknown;
    ASSERT_TRUE(recovers()) << when << "\n" << daemon_->log();
  }

  int rounds_of_rubbish_ = 0, answered_otherwise_ = 0;
  Mood mood_;
  RawServer server_{[this] { return std::make_unique<Primary>(mood_); }};
};

/// Each at RCPT, and each STRIDE-th anywhere else.
TEST_F(RubbishFromThePrimary, RefusesNobodyAndIsOverWhenItIsOver) {
  configure("probe_session_idle_time = 1s\nanswer_timeout = 3s\n");
  start();
  ASSERT_TRUE(recovers()) << daemon_->log();
  std::size_t turn = 0;
  const auto step = static_cast<std::size_t>(stride(4));
  for (const auto& [phase, where] : phases) {
    for (const Rubbish& rubbish : table) {
      if (phase != Phase::rcpt && ++turn % step != 0) continue;
      survive(rubbish, phase, rubbish.name + " at " + std::string(where));
      if (HasFatalFailure()) return;
    }
  }
  std::printf("%d rounds of rubbish, %d with other answers\n", rounds_of_rubbish_, answered_otherwise_);
  EXPECT_EQ(stop(), 0) << daemon_->log();
}

/// What a Redis says to whatever it is asked.
const Rubbish of_redis[] = {
    {"nothing, and hangs up", "", true},
    {"NUL bytes", std::string(3000, '\0')},
    {"an error without an end", "-ERR", true},
    {"a length below nothing", "$-2\r\n"},
    {"a length beyond everything", "$9223372036854775807\r\n"},
    {"half of a string", "$100\r\nhalf", true},
    {"a string longer than it said", "$2\r\n" + std::string(500, 'x') + "\r\n"},
    {"a list of a million, which does not come", "*1000000\r\n"},
    {"lists in lists", repeated("*1\r\n", 5000)},
    {"a number that is none", ":abc\r\n"},
    {"numbers ahead", repeated(":1\r\n", 1000)},
    {"yeses ahead", repeated("+OK\r\n", 1000)},
    {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", true},
    {"a TLS alert", "\x15\x03\x01\x00\x02\x02\x28"s, true},
    {"yes byte by byte", "+OK\r\n", false, true},
    {"8-bit bytes", std::string(500, '\xff')},
};

class Redis final : public RawPart {
 public:
  explicit Redis(const Rubbish& rubbish) : rubbish_(rubbish) {}
  Said hear(std::string_view bytes) override {
    if (bytes.empty()) return {};
    return {rubbish_.bytes, rubbish_.close, rubbish_.single};
  }

 private:
  const Rubbish& rubbish_;
};

class RubbishFromRedis : public WithFaults {};

/// Each to a daemon of its own: one that was found out is left alone for a while.
TEST_F(RubbishFromRedis, CostsNobodyAnAnswer) {
  for (const Rubbish& rubbish : of_redis) {
    std::atomic<int> connections = 0;
    RawServer redis([&] {
      ++connections;
      return std::make_unique<Redis>(rubbish);
    });
    configure("shared_verify_map = redis:127.0.0.1:" + std::to_string(redis.port()) + "\n");
    start();
    for (int i = 0; i < 3; ++i) {
      const Heard heard = round();
      EXPECT_EQ(heard.known, "continue") << rubbish.name;
      EXPECT_TRUE(heard.unknown.starts_with("550 5.1.1")) << rubbish.name << ": " << heard.unknown;
      EXPECT_EQ(heard.by_name, "continue") << rubbish.name;
    }
    EXPECT_GT(connections, 0) << rubbish.name;
    EXPECT_EQ(stop(), 0) << rubbish.name << "\n" << daemon_->log();
  }
}

}  // namespace
}  // namespace fallbackmx
