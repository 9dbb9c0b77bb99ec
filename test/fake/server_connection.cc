#include "test/fake/server_connection.h"

#include <utility>

namespace fallbackmx {

ServerConnection::ServerConnection(std::shared_ptr<ScriptedServer> server, SteadyTime now)
    : server_(std::move(server)), session_(server_, now) {
  if (server_->tls().wrapped) tls_ = std::make_unique<ServerTls>(server_->credentials());
}

void ServerConnection::receive(std::string_view bytes, SteadyTime now) {
  if (!tls_) {
    session_.receive(bytes, now);
    return;
  }
  const auto text = tls_->decrypt(bytes);
  ready_ += tls_->output();
  if (tls_->established() && !std::exchange(established_, true)) session_.tls_established(now);
  if (!text.empty()) session_.receive(text, now);
}

std::optional<SteadyTime> ServerConnection::next() const {
  if (!ready_.empty() || (tls_ && tls_->failed())) return SteadyTime::min();
  if (silent_before_tls()) return std::nullopt;
  return session_.next();
}

std::optional<ServerConnection::Output> ServerConnection::take(SteadyTime now) {
  if (!ready_.empty()) return Output{std::exchange(ready_, {}), End::none};
  if (tls_ && tls_->failed()) return Output{{}, End::close};
  if (silent_before_tls()) return std::nullopt;

  auto action = session_.take(now);
  if (!action) return std::nullopt;
  switch (action->kind) {
    case ServerAction::Kind::start_tls:
      tls_ = std::make_unique<ServerTls>(server_->credentials());
      return Output{};
    case ServerAction::Kind::reset:
      return Output{{}, End::reset};
    case ServerAction::Kind::close:
      if (tls_) tls_->shut_down();
      return Output{tls_ ? tls_->output() : std::string(), End::close};
    case ServerAction::Kind::send:
      break;
  }
  if (!tls_) return Output{std::move(action->bytes), End::none};
  tls_->encrypt(action->bytes);
  return Output{tls_->output(), End::none};
}

}  // namespace fallbackmx
