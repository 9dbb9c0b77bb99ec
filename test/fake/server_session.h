// One connection to a scripted server, without the connection: what arrives goes in, what is to be done comes
// out.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/clock.h"
#include "test/fake/scripted_server.h"

namespace fallbackmx {

/// What a session wants done.
struct ServerAction {
  enum class Kind { send, close, reset, start_tls };
  Kind kind = Kind::send;
  SteadyTime at{};
  std::string bytes;
};

/// One connection to a ScriptedServer. Told what arrives, asked what to do and when. Answers commands one
/// after the other, in order, however they are cut into segments. Owned by one thread.
class ServerSession {
 public:
  /// A client has connected.
  ServerSession(std::shared_ptr<ScriptedServer> server, SteadyTime now);
  ~ServerSession();
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  void receive(std::string_view bytes, SteadyTime now);
  /// The handshake is done: everything said before is forgotten (RFC 3207).
  void tls_established(SteadyTime now);
  /// `heard_until`: what was said since then it did not know of yet.
  void client_closed(SteadyTime now, SteadyTime heard_until = SteadyTime::max());

  /// When take() will have something; none: not before something happens.
  std::optional<SteadyTime> next() const;
  std::optional<ServerAction> take(SteadyTime now);

 private:
  struct Command {
    std::string text;
    bool pipelined = false;
    SteadyTime arrived{};
  };

  void answer(const Command&);
  ServerReply reply_to(const Command&);
  std::optional<ServerReply> out_of_order(const std::string& verb) const;
  void follow(const std::string& verb, int code);
  void say(const ServerReply&, SteadyTime at);
  void say_bytes(std::string bytes, const ServerReply&, SteadyTime at);
  void leave();
  bool silent() const;
  void note(SteadyTime at, char who, std::string_view text) const;

  const std::shared_ptr<ScriptedServer> server_;
  const ServerJournal::Place place_;
  std::string partial_;
  std::deque<Command> commands_;
  std::deque<ServerAction> actions_;
  std::optional<std::size_t> held_;  ///< until the server has released more often than this
  std::string endless_line_;
  SteadyTime last_{};
  std::size_t answered_ = 0, errors_ = 0, recipients_ = 0;
  SteadyTime greeted_at_{};
  bool greeted_ = false, in_transaction_ = false, pipelining_ = false, quit_ = false;
  bool in_tls_ = false, handshaking_ = false, spoilt_ = false, mute_ = false, ended_ = false, gone_ = false;
};

}  // namespace fallbackmx
