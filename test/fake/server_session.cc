#include "test/fake/server_session.h"

#include <utility>

namespace fallbackmx {

namespace {

// A client that feeds us more than this without a line end is not worth remembering.
constexpr std::size_t line_limit = 65536;
constexpr Span between_fragments = std::chrono::milliseconds(1);
constexpr std::string_view rubbish = "\x16\x03\x01\x7f\xff <html>not smtp\r\n";
/// A record with the fatal alert 80, internal_error (RFC 5246 section 7.2).
constexpr std::string_view fatal_alert{"\x15\x03\x03\x00\x02\x02\x50", 7};

ServerReply plain(std::vector<std::string> lines) {
  ServerReply reply;
  reply.lines = std::move(lines);
  return reply;
}

}  // namespace

ServerSession::ServerSession(std::shared_ptr<ScriptedServer> server, SteadyTime now)
    : server_(std::move(server)), place_(server_->journal().opened(now)), last_(now) {
  note(now, '-', "connected");
  say(server_->greeting(place_.at_once), now);
}

ServerSession::~ServerSession() { leave(); }

/// Whoever ends it first, the connection counts until then.
void ServerSession::leave() {
  ended_ = true;
  if (std::exchange(gone_, true)) return;
  server_->journal().left();
}

void ServerSession::receive(std::string_view bytes, SteadyTime now) {
  if (ended_) return;
  if (handshaking_) {
    // Only with a server that spoils the handshake do its bytes come here.
    if (server_->tls().fault == ScriptedServer::TlsFault::alert) say_bytes(std::string(fatal_alert), {}, now);
    if (server_->tls().fault == ScriptedServer::TlsFault::garbage) say_bytes(std::string(rubbish), {}, now);
    actions_.push_back({ServerAction::Kind::close, now, {}});
    return;
  }
  partial_ += bytes;
  for (std::size_t end; (end = partial_.find('\n')) != std::string::npos; partial_.erase(0, end + 1)) {
    const bool ahead = !commands_.empty() || !actions_.empty();
    commands_.push_back({std::string(stripped(partial_.substr(0, end))), ahead, now});
  }
  if (partial_.size() > line_limit) partial_.clear();
}

void ServerSession::tls_established(SteadyTime now) {
  handshaking_ = false;
  in_tls_ = true;
  partial_.clear();
  commands_.clear();
  in_transaction_ = pipelining_ = false;
  note(now, '-', "tls established");
  server_->journal().tls_established();
}

void ServerSession::client_closed(SteadyTime now, SteadyTime heard_until) {
  if (gone_) return;
  const bool well = greeted_ && greeted_at_ < heard_until && !quit_ && !mute_ && !spoilt_ && !handshaking_ &&
                    commands_.empty() && actions_.empty() && !silent();
  note(now, '-', well ? "the client hung up without QUIT" : "closed by the client");
  leave();
  if (well) server_->journal().hung_up();
}

bool ServerSession::silent() const {
  const auto state = server_->state();
  return state == ScriptedServer::State::hang || state == ScriptedServer::State::drop;
}

std::optional<SteadyTime> ServerSession::next() const {
  if (ended_ || silent()) return std::nullopt;
  if (server_->state() == ScriptedServer::State::refuse) return SteadyTime::min();
  if (held_ && server_->releases() == *held_) return std::nullopt;
  if (!actions_.empty()) return actions_.front().at;
  if (mute_ || commands_.empty()) return std::nullopt;
  return commands_.front().arrived;
}

std::optional<ServerAction> ServerSession::take(SteadyTime now) {
  for (auto due = next(); due && *due <= now; due = next()) {
    last_ = now;
    held_.reset();
    if (server_->state() == ScriptedServer::State::refuse) {
      leave();
      note(now, '-', "the server went away");
      return ServerAction{ServerAction::Kind::close, now, {}};
    }
    if (actions_.empty()) {
      const auto command = std::move(commands_.front());
      commands_.pop_front();
      answer(command);
      continue;
    }
    auto action = std::move(actions_.front());
    actions_.pop_front();
    if (action.kind == ServerAction::Kind::close || action.kind == ServerAction::Kind::reset) {
      leave();
      note(now, '-', action.kind == ServerAction::Kind::close ? "closed" : "reset");
    }
    if (!endless_line_.empty() && actions_.empty()) say_bytes(endless_line_, {}, now + between_fragments);
    return action;
  }
  return std::nullopt;
}

void ServerSession::answer(const Command& command) {
  const auto verb = verb_of(command.text);
  note(last_, 'C', command.text);
  const bool second = verb == "RCPT" && in_transaction_ && ++recipients_ > 1;
  server_->journal().received({command.text, verb, command.pipelined && !pipelining_, second});
  const auto reply = reply_to(command);
  if (reply.code() >= 400) ++errors_;
  ++answered_;
  follow(verb, reply.code());
  say(reply, last_);
}

ServerReply ServerSession::reply_to(const Command& command) {
  const auto verb = verb_of(command.text);
  const auto wrong = out_of_order(verb);
  auto reply = wrong ? *wrong : server_->reply_to(command.text, command.pipelined, in_tls_);
  server_->limit(reply, errors_, answered_);
  if (verb == "QUIT" && !reply.mute && !reply.reset) reply.close = true;
  return reply;
}

std::optional<ServerReply> ServerSession::out_of_order(const std::string& verb) const {
  if (verb == "RCPT" && !in_transaction_) return plain({"503 5.5.1 Error: need MAIL command"});
  if (verb == "MAIL" && in_transaction_) return plain({"503 5.5.1 Error: nested MAIL command"});
  return std::nullopt;
}

/// What a command and its reply change in the state of the session.
void ServerSession::follow(const std::string& verb, int code) {
  if (verb == "QUIT") quit_ = true;
  if (verb == "EHLO" || verb == "HELO" || verb == "LHLO") in_transaction_ = pipelining_ = false;
  if (code < 200 || code > 299) return;
  if (verb == "MAIL") in_transaction_ = true, recipients_ = 0;
  if (verb == "RSET") in_transaction_ = false;
  if (verb == "STARTTLS" && code == 220 && server_->tls().offered) handshaking_ = true;
}

void ServerSession::say(const ServerReply& reply, SteadyTime at) {
  if (reply.mute) {
    mute_ = true;
    note(at, '-', "goes silent");
    return;
  }
  if (reply.hold) held_ = server_->releases();
  if (reply.garbage || reply.early || reply.endless || reply.reset || reply.close || reply.code() == 421)
    spoilt_ = true;
  for (const auto& line : reply.lines) {
    if (line.find("PIPELINING") != std::string::npos) pipelining_ = true;
    note(at + reply.stall, 'S', line);
  }

  std::string text;
  for (const auto& line : reply.lines)
    text += line + std::string(line.size() < reply.pad ? reply.pad - line.size() : 0, 'x') + "\r\n";
  if (reply.early) text += text;
  if (reply.garbage) text = rubbish;
  const auto fault = handshaking_ ? server_->tls().fault : ScriptedServer::TlsFault::none;
  if (fault == ScriptedServer::TlsFault::inject) text += "250 2.0.0 injected\r\n";
  say_bytes(std::move(text), reply, at + reply.stall);

  const auto end = actions_.empty() ? at + reply.stall : actions_.back().at;
  // Otherwise the handshake is spoilt when its first bytes arrive.
  const bool in_earnest =
      fault == ScriptedServer::TlsFault::none || fault == ScriptedServer::TlsFault::inject;
  if (handshaking_ && in_earnest) actions_.push_back({ServerAction::Kind::start_tls, end, {}});
  if (reply.endless)
    endless_line_ = std::string(reply.lines.empty() ? "250" : reply.lines[0].substr(0, 3)) + "-and on\r\n";
  if (reply.reset) actions_.push_back({ServerAction::Kind::reset, end, {}});
  if (reply.close && !reply.reset) actions_.push_back({ServerAction::Kind::close, end, {}});
  if (!std::exchange(greeted_, true)) greeted_at_ = at;
}

void ServerSession::say_bytes(std::string bytes, const ServerReply& manner, SteadyTime at) {
  const auto piece = manner.per_byte > Span(0) ? 1 : manner.fragment;
  if (piece == 0) {
    if (!bytes.empty()) actions_.push_back({ServerAction::Kind::send, at, std::move(bytes)});
    return;
  }
  for (std::size_t from = 0; from < bytes.size(); from += piece) {
    actions_.push_back({ServerAction::Kind::send, at, bytes.substr(from, piece)});
    at += manner.per_byte > Span(0) ? manner.per_byte : between_fragments;
  }
}

void ServerSession::note(SteadyTime at, char who, std::string_view text) const {
  server_->journal().note(place_.number, at, who, text);
}

}  // namespace fallbackmx
