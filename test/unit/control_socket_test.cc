#include "milter/control/control_socket.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "milter/control/control_client.h"
#include "milter/control/line_stream.h"
#include "probe/base/file_descriptor.h"
#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ControlConnection : public ::testing::Test {
 protected:
  /// Answers each request with its own words.
  void serve(std::chrono::milliseconds patience = ControlSocket::usual_patience) {
    auto opened = ControlSocket::open(
        path_,
        [this](std::string_view line, const ControlPeer& peer) {
          const std::lock_guard lock(mutex_);
          peer_ = peer;
          return "you said " + std::string(line);
        },
        patience);
    ASSERT_TRUE(opened) << opened.error();
    socket_ = *std::move(opened);
  }

  FileDescriptor connected() const {
    FileDescriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path_.string().copy(name.sun_path, sizeof name.sun_path - 1);
    EXPECT_EQ(connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    return descriptor;
  }

  static void say(const FileDescriptor& to, std::string_view words) {
    while (!words.empty()) {
      const ssize_t size = send(to.get(), words.data(), words.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      words.remove_prefix(static_cast<std::size_t>(size));
    }
  }

  static std::string line_from(const FileDescriptor& from) {
    std::string line;
    for (char c = 0; recv(from.get(), &c, 1, 0) == 1 && c != '\n';) line += c;
    return line;
  }

  static bool hangs_up(const FileDescriptor& other) {
    char bytes[4096];
    ssize_t size = 0;
    while ((size = recv(other.get(), bytes, sizeof bytes, 0)) > 0) continue;
    return true;  // else the test would not end
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_ / "run/control.sock";
  std::mutex mutex_;
  ControlPeer peer_;
  std::unique_ptr<ControlSocket> socket_;
};

TEST_F(ControlConnection, RequestsAreAnsweredInTheirOrderWhateverPiecesTheyComeIn) {
  serve();
  const auto client = connected();
  say(client, "one\ntw");
  EXPECT_EQ(line_from(client), "you said one");
  say(client, "o\nthree\n");
  EXPECT_EQ(line_from(client), "you said two");
  EXPECT_EQ(line_from(client), "you said three");
  say(client, "\n");
  EXPECT_EQ(line_from(client), "you said ");
}

TEST_F(ControlConnection, WhoAsksIsKnownByTheKernelsWord) {
  serve();
  const auto client = connected();
  say(client, "who am I\n");
  line_from(client);
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(peer_.user, geteuid());
  EXPECT_EQ(peer_.process, getpid());
}

TEST_F(ControlConnection, OnlyRootAndTheDaemonsUserMayChangeAnything) {
  EXPECT_TRUE(ControlPeer{.user = 0}.may_change());
  EXPECT_TRUE(ControlPeer{.user = geteuid()}.may_change());
  EXPECT_FALSE(ControlPeer{.user = geteuid() + 1}.may_change());
  EXPECT_FALSE(ControlPeer{.user = 65534}.may_change());
  EXPECT_FALSE(ControlPeer{}.may_change());
}

TEST_F(ControlConnection, TheSocketIsForUserAndGroupAndItsDirectoryIsMade) {
  serve();
  struct stat found {};
  ASSERT_EQ(lstat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0660u & ~022u & 0777u);
  socket_.reset();
  EXPECT_NE(lstat(path_.c_str(), &found), 0) << "it is removed in the end";
}

TEST_F(ControlConnection, ALineThatIsTooLongIsToldSoAndHungUpOn) {
  serve();
  const auto client = connected();
  say(client, std::string(64 * 1024 + 5000, 'x'));
  EXPECT_THAT(line_from(client), HasSubstr("longer than 64 KiB"));
  EXPECT_TRUE(hangs_up(client));
}

TEST_F(ControlConnection, WhoSaysNothingIsHungUpOn) {
  serve(20ms);
  EXPECT_TRUE(hangs_up(connected()));
}

TEST_F(ControlConnection, HalfOpenOnesAndRubbishHoldUpNobodyElse) {
  serve();
  std::vector<FileDescriptor> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(connected());
  for (int i = 0; i < 5; ++i) say(silent[static_cast<std::size_t>(i)], "half a line");
  for (int i = 0; i < 100; ++i) connected();  // and away
  const auto other_half = connected();
  shutdown(other_half.get(), SHUT_WR);
  EXPECT_TRUE(hangs_up(other_half));
  const auto client = connected();
  say(client, "hello\n");
  EXPECT_EQ(line_from(client), "you said hello");
}

TEST_F(ControlConnection, MoreThanItServesAtOneTimeWaitAndAreServed) {
  serve(50ms);
  std::vector<FileDescriptor> silent;
  for (int i = 0; i < 60; ++i) silent.push_back(connected());
  const auto client = connected();
  say(client, "hello\n");
  EXPECT_EQ(line_from(client), "you said hello");
}

TEST_F(ControlConnection, ManyAtOnceGetTheirOwnAnswers) {
  serve();
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([this, i] {
      for (int j = 0; j < 50; ++j) {
        const auto client = connected();
        const std::string words = std::to_string(i) + "." + std::to_string(j);
        say(client, words + "\n");
        EXPECT_EQ(line_from(client), "you said " + words);
      }
    });
  }
  for (auto& each : askers) each.join();
}

TEST_F(ControlConnection, WhoIsBeingAnsweredAtTheEndHasHisAnswer) {
  std::condition_variable asked, go_on;
  bool has_asked = false, may_answer = false;
  auto opened = ControlSocket::open(path_, [&](std::string_view, const ControlPeer&) {
    std::unique_lock lock(mutex_);
    has_asked = true;
    asked.notify_all();
    go_on.wait(lock, [&] { return may_answer; });
    return std::string("at last");
  });
  ASSERT_TRUE(opened);
  const auto client = connected(), idle = connected();
  say(client, "hello\n");
  std::unique_lock lock(mutex_);
  asked.wait(lock, [&] { return has_asked; });
  lock.unlock();
  std::thread end([&] { (*opened).reset(); });
  EXPECT_TRUE(hangs_up(idle));
  lock.lock();
  may_answer = true;
  go_on.notify_all();
  lock.unlock();
  EXPECT_EQ(line_from(client), "at last");
  end.join();
}

TEST_F(ControlConnection, ASocketAtWhichNobodyAnswersIsReplacedAndNothingElse) {
  serve();
  const auto refused = ControlSocket::open(path_, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("another process listens on " + path_.string()));
  socket_.reset();

  FileDescriptor dead(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path_.string().copy(name.sun_path, sizeof name.sun_path - 1);
  ASSERT_EQ(bind(dead.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  serve();
  socket_.reset();

  std::filesystem::create_directory(path_);
  const auto directory = ControlSocket::open(path_, nullptr);
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error(), HasSubstr("is there, and is no socket"));
  EXPECT_FALSE(ControlSocket::open(directory_ / "not/there/socket", nullptr));
}

TEST_F(ControlConnection, AClientThatReachesNobodySaysWhyAndWhatToDo) {
  ControlClient nobody(path_);
  const auto missing = nobody.ask({}, 5s);
  EXPECT_EQ(missing.exit, 69);
  EXPECT_THAT(missing.error, HasSubstr("there is no socket " + path_.string()));

  std::filesystem::create_directory(path_.parent_path());
  FileDescriptor dead(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path_.string().copy(name.sun_path, sizeof name.sun_path - 1);
  ASSERT_EQ(bind(dead.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  const auto refused = ControlClient(path_).ask({}, 5s);
  EXPECT_EQ(refused.exit, 69);
  EXPECT_THAT(refused.error, HasSubstr("does not run"));

  const auto off = ControlClient("").ask({}, 5s);
  EXPECT_EQ(off.exit, 69);
  EXPECT_THAT(off.error, HasSubstr("control_socket is empty"));
}

TEST_F(ControlConnection, AClientBelievesOnlyWhatSpeaksTheProtocol) {
  serve();
  const auto odd = ControlClient(path_).ask({}, 5s);
  EXPECT_EQ(odd.exit, 76);
  EXPECT_THAT(odd.error, HasSubstr("what answers is no fallbackmx-milter"));
}

TEST_F(ControlConnection, AClientWaitsNoLongerThanItsPatience) {
  serve();
  std::filesystem::remove(path_);
  FileDescriptor deaf(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path_.string().copy(name.sun_path, sizeof name.sun_path - 1);
  ASSERT_EQ(bind(deaf.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(listen(deaf.get(), 5), 0);
  const auto late = ControlClient(path_).ask({}, 1s);
  EXPECT_EQ(late.exit, 69);
  EXPECT_THAT(late.error, HasSubstr("did not answer it within 1 s"));
}

}  // namespace
}  // namespace fallbackmx
