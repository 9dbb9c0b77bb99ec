#include "test/fake/memory_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include "test/fake/loop_here.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// One thread, one server at 192.0.2.1:25, 10 ms away and back.
struct World {
  explicit World(std::vector<std::string> script = {}) {
    for (const auto& line : script) EXPECT_TRUE(server->define(line)) << line;
    factory.serve("192.0.2.1", 25, server);
  }

  std::unique_ptr<Stream> connect(const std::string& address = "192.0.2.1") {
    return factory.connect({"mx1", boost::asio::ip::make_address(address), 25, 0, false});
  }

  bool wait(Stream& stream, Span patience, bool want_write = false) {
    const std::array watches = {Watch{&stream.readiness(), want_write}};
    return here.wait(simulation.now() + patience, watches);
  }

  IoResult settled(Stream& stream, Span patience = 1min) {
    const auto until = simulation.now() + patience;
    while (stream.connected().status == IoResult::Status::would_block && simulation.now() < until) {
      wait(stream, until - simulation.now(), true);
    }
    return stream.connected();
  }

  /// All that comes until nothing has come for a while, or the end.
  std::string heard(Stream& stream, Span patience = 1s) {
    std::string text;
    settled(stream);
    for (;;) {
      std::array<char, 100> piece;
      const auto got = stream.read(piece);
      if (got.status == IoResult::Status::done) {
        text.append(piece.data(), got.bytes);
      } else if (got.status != IoResult::Status::would_block) {
        return text + "<" + got.why + ">";
      } else if (!wait(stream, patience)) {
        return text;
      }
    }
  }

  Simulation simulation;
  LoopHere here{simulation};
  std::shared_ptr<ScriptedServer> server = std::make_shared<ScriptedServer>("mx1");
  MemoryStreamFactory factory{simulation};
};

TEST(MemoryStreams, ConnectingTakesARoundTripAndTheGreetingComesWithIt) {
  World world;
  auto stream = world.connect();
  EXPECT_EQ(stream->connected().status, IoResult::Status::would_block);
  EXPECT_EQ(stream->write("x").status, IoResult::Status::would_block);
  EXPECT_EQ(world.settled(*stream).status, IoResult::Status::done);
  EXPECT_EQ(world.simulation.elapsed(), 10ms);
  EXPECT_EQ(world.heard(*stream), "220 mx1 ESMTP\r\n");
}

TEST(MemoryStreams, ACommandIsAnsweredARoundTripLater) {
  World world;
  auto stream = world.connect();
  world.settled(*stream);
  world.heard(*stream);
  const auto before = world.simulation.now();
  EXPECT_EQ(stream->write("NOOP\r\n").bytes, 6U);
  EXPECT_TRUE(world.wait(*stream, 1h));
  EXPECT_EQ(world.simulation.now() - before, 10ms);
  EXPECT_EQ(world.heard(*stream), "250 2.0.0 Ok\r\n");
}

TEST(MemoryStreams, QuitEndsTheConnection) {
  World world;
  auto stream = world.connect();
  world.settled(*stream);
  stream->write("QUIT\r\n");
  EXPECT_THAT(world.heard(*stream), HasSubstr("221 2.0.0 Bye\r\n<connection closed by peer>"));
}

TEST(MemoryStreams, RefusedResetAndBlackHoled) {
  World world;
  ASSERT_TRUE(world.server->change("refuse"));
  auto refused = world.connect();
  EXPECT_EQ(world.settled(*refused).why, "connection refused");
  EXPECT_EQ(world.simulation.elapsed(), 10ms);

  ASSERT_TRUE(world.server->change("drop"));
  auto dropped = world.connect();
  EXPECT_EQ(world.settled(*dropped, 1h).status, IoResult::Status::would_block);

  ASSERT_TRUE(world.server->change("accept"));
  ASSERT_TRUE(world.server->change("greet   reset"));
  auto reset = world.connect();
  EXPECT_EQ(world.heard(*reset), "<connection reset by peer>");
  EXPECT_EQ(world.server->record().knocks, 3U);
}

TEST(MemoryStreams, WhereNobodyServesIsRefusedAndRemembered) {
  World world;
  auto stray = world.connect("192.0.2.99");
  EXPECT_EQ(world.settled(*stray).why, "connection refused");
  EXPECT_THAT(world.factory.strays(), testing::ElementsAre("mx1[192.0.2.99]:25"));
}

TEST(MemoryStreams, WritingToAServerThatHasClosedGetsAReset) {
  World world({"greet   close"});
  auto stream = world.connect();
  EXPECT_EQ(world.heard(*stream), "<connection closed by peer>");
  EXPECT_EQ(stream->write("EHLO x\r\n").status, IoResult::Status::done);
  EXPECT_FALSE(world.here.wait(world.simulation.now() + 1s));
  EXPECT_EQ(stream->write("EHLO x\r\n").why, "connection reset by peer");
}

TEST(MemoryStreams, AChangeAtTheServerReachesThoseWhoWait) {
  World world({"greet   hold"});
  auto stream = world.connect();
  EXPECT_EQ(world.heard(*stream), "");
  ASSERT_TRUE(world.server->change("release"));
  world.factory.servers_changed();
  EXPECT_EQ(world.heard(*stream), "220 mx1 ESMTP\r\n");
  ASSERT_TRUE(world.server->change("refuse"));
  world.factory.servers_changed();
  EXPECT_EQ(world.heard(*stream), "<connection closed by peer>");
}

TEST(MemoryStreams, SlowRepliesComeInVirtualTime) {
  World world({"greet   220 hi   drip 1/s"});
  auto stream = world.connect();
  EXPECT_EQ(world.heard(*stream, 2s), "220 hi\r\n");
  EXPECT_GE(world.simulation.elapsed(), 7s);
}

TEST(MemoryStreams, TheServerLearnsThatAClientIsGone) {
  World world;
  auto stream = world.connect();
  world.heard(*stream);
  stream.reset();
  world.here.wait(world.simulation.now() + 1s);
  EXPECT_EQ(world.server->record().at_once, 0U);
  EXPECT_EQ(world.server->record().hangups, 1U);
}

/// Runs OpenSSL's client over a stream.
struct TlsClient {
  TlsClient() : context(SSL_CTX_new(TLS_client_method())), ssl(SSL_new(context)) {
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
  }
  ~TlsClient() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }

  /// Carries records both ways until nothing moves any more.
  void carry(World& world, Stream& stream) {
    for (;;) {
      SSL_do_handshake(ssl);
      std::string out(BIO_ctrl_pending(SSL_get_wbio(ssl)), '\0');
      BIO_read(SSL_get_wbio(ssl), out.data(), static_cast<int>(out.size()));
      if (!out.empty()) stream.write(out);
      const auto in = world.heard(stream);
      BIO_write(SSL_get_rbio(ssl), in.data(), static_cast<int>(in.size()));
      if ((in.empty() && out.empty()) || in.ends_with("closed by peer>")) return;
    }
  }

  SSL_CTX* context;
  SSL* ssl;
};

TEST(MemoryStreams, TlsWorksInMemory) {
  World world({"starttls cert other.example.org"});
  auto stream = world.connect();
  world.settled(*stream);
  stream->write("EHLO x\r\nSTARTTLS\r\n");
  EXPECT_THAT(world.heard(*stream), HasSubstr("220 2.0.0 Ready"));
  TlsClient client;
  client.carry(world, *stream);
  ASSERT_EQ(SSL_is_init_finished(client.ssl), 1);
  EXPECT_EQ(world.server->record().tls, 1U);

  char name[100];
  X509* certificate = SSL_get1_peer_certificate(client.ssl);
  X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof name);
  X509_free(certificate);
  EXPECT_STREQ(name, "/CN=other.example.org");

  SSL_write(client.ssl, "EHLO x\r\nQUIT\r\n", 14);
  client.carry(world, *stream);
  std::array<char, 1000> text;
  const int got = SSL_read(client.ssl, text.data(), text.size());
  ASSERT_GT(got, 0);
  EXPECT_THAT(std::string(text.data(), static_cast<std::size_t>(got)), HasSubstr("250-mx1"));
}

TEST(MemoryStreams, AStandingConnectionToAHostThatVanishesIsLostAfterAWhile) {
  World world;
  auto stream = world.connect();
  EXPECT_EQ(world.heard(*stream), "220 mx1 ESMTP\r\n");
  ASSERT_TRUE(world.server->change("drop"));
  world.factory.servers_changed();
  const auto vanished = world.simulation.now();
  EXPECT_EQ(world.heard(*stream, 1min), "<Connection timed out>");
  EXPECT_EQ(world.simulation.now() - vanished, keepalive_after + silence_limit);
  std::array<char, 10> piece;
  EXPECT_TRUE(stream->read(piece).lost);
}

TEST(MemoryStreams, AHostThatIsBackInTimeIsNotLost) {
  World world;
  auto stream = world.connect();
  EXPECT_EQ(world.heard(*stream), "220 mx1 ESMTP\r\n");
  ASSERT_TRUE(world.server->change("drop"));
  world.factory.servers_changed();
  stream->write("NOOP\r\n");
  EXPECT_EQ(world.heard(*stream, 1s), "");
  ASSERT_TRUE(world.server->change("accept"));
  world.factory.servers_changed();
  EXPECT_EQ(world.heard(*stream, 1min), "250 2.0.0 Ok\r\n");
}

}  // namespace
}  // namespace fallbackmx
