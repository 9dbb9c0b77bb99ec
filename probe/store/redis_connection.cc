#include "probe/store/redis_connection.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "probe/mail/host_port.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr int reads_limit = 64;  // of 16 KiB

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

RedisConnection::Reply as_value(const redisReply& reply) {
  using Kind = RedisConnection::Reply::Kind;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return {Kind::text, std::string(reply.str, static_cast<std::size_t>(reply.len)), {}};
    case REDIS_REPLY_ERROR:
      return {Kind::error, printable(std::string(reply.str, static_cast<std::size_t>(reply.len)), 200), {}};
    case REDIS_REPLY_ARRAY: {
      RedisConnection::Reply list{.kind = Kind::list};
      for (std::size_t i = 0; i < reply.elements; ++i) {
        const redisReply& item = *reply.element[i];
        if (item.type == REDIS_REPLY_STRING) {
          list.list.emplace_back(std::string(item.str, static_cast<std::size_t>(item.len)));
        } else {
          list.list.emplace_back();
        }
      }
      return list;
    }
    case REDIS_REPLY_INTEGER:
      return {Kind::text, std::to_string(reply.integer), {}};
    default:
      return {};
  }
}

}  // namespace

Result<RedisServer> RedisServer::parse(const std::string& specification) {
  constexpr std::string_view redis = "redis:", local = "unix:";
  const Error wrong{printable(specification, 300) + ": not of the form redis:host:port or redis:unix:/path"};
  if (!specification.starts_with(redis)) return wrong;
  const std::string rest = specification.substr(redis.size());
  RedisServer server;
  if (rest.starts_with(local)) {
    server.socket = rest.substr(local.size());
    if (!server.socket.starts_with('/')) return wrong;
    return server;
  }
  const auto parts = split_host_port(rest);
  const auto port = parts ? parse_port(parts->port.value_or("")) : std::nullopt;
  if (!port || parts->host.empty()) return wrong;
  server.host = parts->host;
  server.port = *port;
  return server;
}

std::string RedisServer::text() const {
  if (!socket.empty()) return printable("redis:unix:" + socket, 300);
  const bool v6 = host.find(':') != std::string::npos;
  return printable(fmt::format("redis:{}:{}", v6 ? '[' + host + ']' : host, port), 300);
}

void RedisConnection::Free::operator()(redisContext* context) const { redisFree(context); }

Result<RedisConnection> RedisConnection::open(const RedisServer& server, SteadyTime deadline) {
  RedisConnection connection(server.socket.empty() ? redisConnectNonBlock(server.host.c_str(), server.port)
                                                   : redisConnectUnixNonBlock(server.socket.c_str()));
  if (!connection.context_) return Error{"out of memory"};
  if (connection.context_->err != 0) return connection.trouble("cannot be reached");
  if (!connection.wait(POLLOUT, deadline)) return Error{"cannot be reached in time"};
  std::vector<std::vector<std::string>> greetings;
  if (!server.password.empty()) greetings.push_back({"AUTH", server.password});
  greetings.push_back({"SELECT", std::to_string(server.database)});
  for (const auto& greeting : greetings) {
    const auto reply = connection.ask(greeting, deadline);
    if (!reply) return Error{reply.error()};
    if (reply->kind != Reply::Kind::text || reply->text != "OK")
      return Error{greeting.front() + " was answered: " + reply->text};
  }
  return connection;
}

Result<RedisConnection::Reply> RedisConnection::ask(const std::vector<std::string>& command,
                                                    SteadyTime deadline) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  const auto count = static_cast<int>(words.size());
  if (redisAppendCommandArgv(context_.get(), count, words.data(), sizes.data()) != REDIS_OK)
    return trouble("out of memory");
  for (int written = 0; written == 0;) {
    if (redisBufferWrite(context_.get(), &written) != REDIS_OK) return trouble("cannot be written to");
    if (written == 0 && !wait(POLLOUT, deadline)) return Error{"takes nothing in time"};
  }
  for (int reads = 0; reads < reads_limit; ++reads) {
    void* found = nullptr;
    if (redisGetReplyFromReader(context_.get(), &found) != REDIS_OK) return trouble("speaks no RESP");
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(found));
    if (reply) return as_value(*reply);
    if (!wait(POLLIN, deadline)) return Error{"no answer in time"};
    if (redisBufferRead(context_.get()) != REDIS_OK) return trouble("cannot be read from");
  }
  return Error{"talks too much"};
}

Error RedisConnection::trouble(const char* otherwise) const {
  return Error{context_->errstr[0] != '\0' ? printable(context_->errstr, 200) : otherwise};
}

/// False at the deadline.
bool RedisConnection::wait(short events, SteadyTime deadline) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd descriptor{context_->fd, events, 0};
  return poll(&descriptor, 1, static_cast<int>(std::max<std::int64_t>(0, left.count()))) > 0;
}

}  // namespace fallbackmx
