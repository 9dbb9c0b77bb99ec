#include "probe/wire/socketmap.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "probe/base/file_descriptor.h"
#include "test/fake/simulation.h"
#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// Answers every question with the same bytes; none at all while they are empty. Its clients never wait for
/// long.
class Server {
 public:
  explicit Server(std::string path) : path_(std::move(path)), socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path_.copy(at.sun_path, sizeof at.sun_path - 1);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(socket_.get(), 8), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  void say(std::string bytes) {
    const std::lock_guard lock(mutex_);
    reply_ = std::move(bytes);
  }
  std::string heard() {
    const std::lock_guard lock(mutex_);
    return std::exchange(heard_, {});
  }

 private:
  void serve() {
    for (;;) {
      const FileDescriptor client(accept(socket_.get(), nullptr, nullptr));
      if (client.get() < 0) return;
      char piece[1000];
      const auto got = recv(client.get(), piece, sizeof piece, 0);
      const std::lock_guard lock(mutex_);
      heard_.append(piece, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      for (const char byte : reply_) send(client.get(), &byte, 1, MSG_NOSIGNAL);
    }
  }

  const std::string path_;
  const FileDescriptor socket_;
  std::mutex mutex_;
  std::string reply_, heard_;
  std::thread thread_;
};

class SocketmapTest : public testing::Test {
 protected:
  std::string ask(const std::string& key) {
    const auto answer = maps_.look_up(name_, key, clock_.now() + 1h);
    return !answer ? answer.error() : !*answer ? "nothing" : **answer;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/map";
  SocketmapName name_ = *SocketmapName::parse("socketmap:unix:" + path_ + ":sts");
  Simulation clock_;
  std::unique_ptr<Sleeper> here_ = clock_.sleeper();
  std::string logged_;
  Log log_{[this](LogLevel, std::string_view line) { logged_ += std::string(line) + "\n"; }};
  Socketmaps maps_{clock_, log_};
};

TEST_F(SocketmapTest, SpeaksTheProtocol) {
  Server server(path_);
  const std::string me = "socketmap:unix:" + path_ + ":sts";
  const struct {
    std::string key, reply, want;
  } rows[] = {
      {"a.example", "17:OK secure match=x,", "secure match=x"},
      {"b.example", "9:NOTFOUND ,", "nothing"},
      {"c.example", "8:NOTFOUND,", "nothing"},
      {"d.example", "13:TEMP no cache,", me + " says TEMP no cache"},
      {"e.example", "8:PERM bad,", me + " says PERM bad"},
      {"f.example", "2:OK,", ""},
  };
  for (const auto& [key, reply, want] : rows) {
    server.say(reply);
    EXPECT_EQ(ask(key), want);
    const auto question = "sts " + key;
    EXPECT_EQ(server.heard(), std::to_string(question.size()) + ":" + question + ",");
    EXPECT_EQ(ask(key), want);
    EXPECT_EQ(server.heard(), "") << "remembered";
  }
  here_->sleep_until(clock_.now() + Socketmaps::kept + 1s);
  server.say("9:NOTFOUND ,");
  EXPECT_EQ(ask("a.example"), "nothing");
  EXPECT_EQ(logged_, "");
}

TEST_F(SocketmapTest, ThatIsNotThereIsLeftAloneForAWhile) {
  const std::string dead = "socketmap:unix:" + path_ + ":sts: cannot connect: No such file or directory";
  EXPECT_EQ(ask("a.example"), dead);
  EXPECT_EQ(ask("b.example"), dead);
  EXPECT_NE(logged_.find("TLS policies are unknown until it answers"), std::string::npos) << logged_;
  logged_.clear();
  Server server(path_);
  server.say("9:NOTFOUND ,");
  EXPECT_EQ(ask("b.example"), dead) << "nobody knocks yet";
  here_->sleep_until(clock_.now() + Socketmaps::quiet_time + 1s);
  EXPECT_EQ(ask("b.example"), "nothing");
  EXPECT_EQ(logged_, "");
}

TEST_F(SocketmapTest, RubbishIsNoAnswer) {
  const struct {
    std::string reply, want;
  } rows[] = {
      {"", "hung up without an answer"},
      {"3:OK", "hung up without an answer"},
      {"OK secure", "the answer is no netstring"},
      {"3:OK x", "the answer is no netstring"},
      {"999999:OK", "the answer is no netstring, or too long"},
      {":OK,", "the answer is no netstring, or too long"},
  };
  Server server(path_);
  for (const auto& [reply, want] : rows) {
    server.say(reply);
    EXPECT_EQ(ask("a.example"), "socketmap:unix:" + path_ + ":sts: " + want) << reply;
    here_->sleep_until(clock_.now() + Socketmaps::quiet_time + 1s);
  }
}

TEST_F(SocketmapTest, OneThatSaysNothingCostsItsTimeOnce) {
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path_.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(listen(socket.get(), 8), 0);
  // Accepted by nobody; a client with little time learns nothing about it.
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(maps_.look_up(name_, "a.example", clock_.now() + 50ms));
  EXPECT_FALSE(maps_.look_up(name_, "a.example", clock_.now() + 1h));
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_GE(asked - begun, 50ms + Socketmaps::patience);
  for (int i = 0; i < 1000; ++i) ask("d" + std::to_string(i) + ".example");
  EXPECT_LT(std::chrono::steady_clock::now() - asked, Socketmaps::patience);
}

}  // namespace
}  // namespace fallbackmx
