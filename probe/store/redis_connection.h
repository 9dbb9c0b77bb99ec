// hiredis, wrapped: the only place that knows its API.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/result.h"

struct redisContext;

namespace fallbackmx {

/// Where a Redis is, and how to be let in. A value.
struct RedisServer {
  std::string socket{};  ///< of the UNIX domain; empty: host and port
  std::string host{};
  std::uint16_t port = 6379;
  std::string password{};  ///< empty: none is said
  int database = 0;

  /// `redis:host:port`, `redis:[2001:db8::1]:port`, `redis:unix:/path`; the rest is at its default.
  static Result<RedisServer> parse(const std::string& specification);
  /// `redis:host:port`, for the log; no password.
  std::string text() const;
};

/// One connection. One thread at a time. Every call ends by its deadline, and an Error is its end. The
/// process ignores SIGPIPE: hiredis writes to sockets that the other side has closed.
class RedisConnection {
 public:
  /// Connected, let in, and at its database. A name of a host is looked up, which may take longer.
  static Result<RedisConnection> open(const RedisServer& server, SteadyTime deadline);

  struct Reply {
    enum class Kind { text, nothing, error, list };
    Kind kind = Kind::nothing;
    std::string text{};  ///< what was found, `OK`, or what the error is
    std::vector<std::optional<std::string>> list{};
  };
  /// What Redis says to a command; at most a mebibyte.
  Result<Reply> ask(const std::vector<std::string>& command, SteadyTime deadline);

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  explicit RedisConnection(redisContext* context) : context_(context) {}
  Error trouble(const char* otherwise) const;
  bool wait(short events, SteadyTime deadline) const;

  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace fallbackmx
