#include "milter/control/operations.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const ControlPeer root{.user = 0, .process = 7};
const ControlPeer stranger{.user = geteuid() + 1000, .process = 8};

class OperationsTest : public ::testing::Test {
 protected:
  OperationsTest() {
    store_->put("user@example.org", {Verdict::deliverable, 250, "", "", clock_.wall(), clock_.wall()});
  }

  static Config config_of(const std::string& file) {
    return read_config({.file = file, .environment = {}, .overrides = {}});
  }

  Json ask(const std::string& what, const ControlPeer& peer = root) {
    return Json::parse(operations_.answer("{\"fallbackmx\":1,\"do\":" + what + "}", peer));
  }

  SystemClock clock_;
  std::vector<std::string> lines_;
  Log log_{[this](LogLevel, std::string_view line) { lines_.emplace_back(line); }};
  Metrics metrics_;
  TemporaryFile file_{"myhostname = fallback.example.net\nanswer_timeout = 3s\n"};
  std::vector<std::shared_ptr<const Settings>> taken_;
  Configuration configuration_{ConfigSources{.file = file_.path(), .environment = {}, .overrides = {}},
                               config_of(file_.path()),
                               clock_,
                               log_,
                               metrics_,
                               [this](const Config& config) { taken_.push_back(config.settings); }};
  std::unique_ptr<Store> store_ = make_memory_store();
  RecentVerdicts recent_;
  bool ready_ = true;
  std::vector<std::string> steered_;
  std::vector<StaleName> stale_;
  const Operations operations_{
      {.clock = clock_,
       .log = log_,
       .store = *store_,
       .configuration = configuration_,
       .verify = [](const Question&) -> Finding { throw std::runtime_error("out of descriptors"); },
       .primaries =
           [] { return std::vector<PrimaryState>{{.server = "mx1[192.0.2.1]:25", .key = "192.0.2.1:25"}}; },
       .steer = [this](const std::string& key, Verifier::Wish) { steered_.push_back(key); },
       .recent = recent_,
       .milter_socket = "unix:/x",
       .ready = [this] { return ready_; },
       .started = WallTime(std::chrono::hours(1)),
       .stale_names = [this] { return stale_; }}};
};

TEST_F(OperationsTest, WhoeverReachesTheSocketMayLook) {
  for (const char* verb : {"\"status\"", "\"health\"", "\"config\"", "\"verdicts\"", "\"remember-list\"",
                           "\"remember-show\",\"address\":\"user@example.org\"", "\"primaries-list\""})
    EXPECT_EQ(ask(verb, stranger)["ok"], true) << verb;
  EXPECT_THAT(lines_, IsEmpty()) << "nobody needs to hear of it";
}

TEST_F(OperationsTest, StatusTellsSinceWhenTheDaemonIsThere) {
  EXPECT_EQ(ask("\"status\"")["result"]["started"], "1970-01-01T01:00:00Z");
}

TEST_F(OperationsTest, StatusTellsForWhichNamesTheDnsGivesNoAnswer) {
  EXPECT_EQ(ask("\"status\"")["result"]["dns"]["stale"], 0);
  for (int i = 0; i < 30; ++i)
    stale_.push_back({"d" + std::to_string(i) + ".example", WallTime(std::chrono::hours(2)),
                      WallTime(std::chrono::hours(3)), "SERVFAIL"});
  const Json dns = ask("\"status\"")["result"]["dns"];
  EXPECT_EQ(dns["stale"], 30);
  EXPECT_EQ(dns["names"].size(), 20u) << "the others are many";
  EXPECT_EQ(dns["names"][0]["name"], "d0.example");
  EXPECT_EQ(dns["names"][0]["since"], "1970-01-01T02:00:00Z");
  EXPECT_EQ(dns["names"][0]["why"], "SERVFAIL");
}

TEST_F(OperationsTest, OnlyRootAndTheDaemonsUserMayChangeAnything) {
  for (const VerbRow& row : verb_table()) {
    if (row.kind != VerbKind::changes) continue;
    const Json reply =
        ask('"' + row.wire_name() + "\",\"address\":\"user@example.org\",\"primary\":\"mx1\",\"all\":true",
            stranger);
    EXPECT_EQ(reply["ok"], false) << row.words;
    EXPECT_EQ(reply["exit"], 77) << row.words;
    EXPECT_THAT(reply["error"].get<std::string>(), HasSubstr("only root and the daemon's own user"))
        << row.words;
  }
  EXPECT_EQ(store_->rows(), 1u);
  EXPECT_THAT(taken_, IsEmpty());
  EXPECT_THAT(steered_, IsEmpty());
  EXPECT_EQ(ask("\"primaries-disable\",\"primary\":\"mx1\"", {.user = geteuid()})["ok"], true);
  EXPECT_THAT(steered_, ElementsAre("192.0.2.1:25"));
}

TEST_F(OperationsTest, WhatIsChangedIsLoggedWithWhoAskedForIt) {
  EXPECT_EQ(ask("\"remember-forget\",\"address\":\"user@example.org\"")["result"]["forgotten"], 1);
  ask("\"remember-flush\",\"domain\":\"example.org\",\"negatives\":true");
  EXPECT_THAT(lines_,
              ElementsAre("control: uid=0 pid=7 asks for remember forget address=user@example.org",
                          "control: uid=0 pid=7 asks for remember flush domain=example.org negatives=yes"));
}

TEST_F(OperationsTest, HealthIsGoodOnlyWhileClientsAreServed) {
  EXPECT_FALSE(ask("\"health\"").contains("exit"));
  ready_ = false;
  EXPECT_EQ(ask("\"health\"")["exit"], 75);
  EXPECT_EQ(ask("\"status\"")["result"]["serving"], false);
}

TEST_F(OperationsTest, AReloadIsAllOrNothing) {
  EXPECT_EQ(ask("\"reload\"")["result"]["taken"], true);
  ASSERT_EQ(taken_.size(), 1u);
  std::ofstream(file_.path()) << "answer_timeout = 9s\nno_such_parameter = 1\n";
  const Json reply = ask("\"reload\"");
  EXPECT_EQ(reply["exit"], 78);
  EXPECT_EQ(reply["result"]["taken"], false);
  EXPECT_EQ(reply["result"]["errors"].size(), 1u);
  EXPECT_EQ(taken_.size(), 1u);
  EXPECT_EQ(configuration_.settings()->answer_timeout, Seconds(3));
  EXPECT_EQ(ask("\"status\"")["result"]["configuration"]["last_reload_succeeded"], false);
}

TEST_F(OperationsTest, TroubleOfOursIsAnAnswerToo) {
  const Json reply = ask("\"verify\",\"address\":\"user@example.org\"");
  EXPECT_EQ(reply["exit"], 70);
  EXPECT_EQ(reply["error"], "verify failed: out of descriptors");
}

TEST_F(OperationsTest, RubbishIsAnsweredAndChangesNothing) {
  for (const std::string line :
       {"", "HELO x", "{}", "{\"fallbackmx\":1}", "[[[[", "{\"fallbackmx\":1,\"do\":\"help\"}"})
    EXPECT_EQ(Json::parse(operations_.answer(line, root))["ok"], false) << line;
  EXPECT_THAT(lines_, IsEmpty());
}

}  // namespace
}  // namespace fallbackmx
