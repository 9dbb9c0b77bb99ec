#include "test/fake/wire_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include "test/fake/loop_here.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// One scripted server at 192.0.2.1:25, on a real socket.
struct Wire {
  explicit Wire(std::vector<std::string> script = {}) {
    for (const auto& line : script) EXPECT_TRUE(server->define(line)) << line;
    factory.serve("192.0.2.1", 25, server);
  }

  std::unique_ptr<Stream> connect(const std::string& address = "192.0.2.1") {
    return factory.connect({"mx1", boost::asio::ip::make_address(address), 25, 0, false});
  }

  /// Until `enough` has come, or the end.
  std::string heard(Stream& stream, const std::string& enough) {
    std::string text;
    const auto deadline = clock.now() + 10s;
    while (text.find(enough) == std::string::npos) {
      std::array<char, 1000> piece;
      auto got = stream.connected();
      if (got.status == IoResult::Status::done) got = stream.read(piece);
      text.append(piece.data(), got.bytes);
      if (got.status == IoResult::Status::closed || got.status == IoResult::Status::failed)
        return text + "<" + got.why + ">";
      const std::array watches = {Watch{&stream.readiness(), stream.holds_output()}};
      if (got.status == IoResult::Status::would_block && !here.wait(deadline, watches))
        return text + "<nothing>";
    }
    return text;
  }

  JumpClock clock;
  std::unique_ptr<Sleeper> sleeper = clock.sleeper();
  LoopHere here{clock};
  std::shared_ptr<ScriptedServer> server = std::make_shared<ScriptedServer>("mx1");
  WireStreamFactory factory{clock};
};

TEST(WireStreams, AScriptIsPlayedOverARealSocket) {
  Wire wire({"EHLO *   250-mx1 | 250 PIPELINING   fragment 4"});
  auto stream = wire.connect();
  EXPECT_EQ(wire.heard(*stream, "\n"), "220 mx1 ESMTP\r\n");
  stream->write("EHLO x\r\n");
  EXPECT_EQ(wire.heard(*stream, "PIPELINING\r\n"), "250-mx1\r\n250 PIPELINING\r\n");
  stream->write("NOOP\r\nQUIT\r\n");
  EXPECT_EQ(wire.heard(*stream, "never"), "250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n<connection closed>");
  EXPECT_EQ(wire.server->record().quits, 1U);
  EXPECT_EQ(wire.server->record().knocks, 1U);
}

TEST(WireStreams, ConnectionsAreRefusedAndReset) {
  Wire wire({"greet   reset"});
  auto reset = wire.connect();
  EXPECT_THAT(wire.heard(*reset, "never"), HasSubstr("reset by peer"));
  ASSERT_TRUE(wire.server->change("refuse"));
  auto refused = wire.connect();
  EXPECT_THAT(wire.heard(*refused, "never"), HasSubstr("refused"));
  auto stray = wire.connect("192.0.2.99");
  EXPECT_THAT(wire.heard(*stray, "never"), HasSubstr("refused"));
  EXPECT_THAT(wire.factory.strays(), testing::ElementsAre("mx1[192.0.2.99]:25"));
}

TEST(WireStreams, AStallOfAnHourIsOverAfterAJump) {
  Wire wire({"NOOP   stall 1h"});
  auto stream = wire.connect();
  wire.heard(*stream, "\n");
  stream->write("NOOP\r\n");
  while (wire.server->record().commands.empty()) wire.sleeper->sleep_until(wire.clock.now() + 1ms);
  wire.clock.jump(1h);
  wire.factory.wire().look_again();
  EXPECT_EQ(wire.heard(*stream, "\n"), "250 2.0.0 Ok\r\n");
}

TEST(WireStreams, ServersThatGoAwayEndTheirSessions) {
  Wire wire;
  auto stream = wire.connect();
  wire.heard(*stream, "\n");
  ASSERT_TRUE(wire.server->change("refuse"));
  wire.factory.wire().look_again();
  EXPECT_EQ(wire.heard(*stream, "never"), "<connection closed>");
}

}  // namespace
}  // namespace fallbackmx
