#include "probe/smtp/dialogue.h"

#include <array>

namespace fallbackmx {

namespace {

/// Pieces that are read before the others on the loop have their turn: more than a reply takes.
constexpr int most_in_a_row = 4;

}  // namespace

Dialogue::Dialogue(std::unique_ptr<Stream> stream, WaitPoint& place, Log& log, std::string peer)
    : stream_(std::move(stream)), place_(place), log_(log), peer_(std::move(peer)) {}

void Dialogue::send(std::string_view command) {
  if (log_.wants(LogLevel::debug)) log_.debug(peer_ + " < " + printable(command));
  unsent_.append(command).append("\r\n");
}

void Dialogue::flush() {
  while (!unsent_.empty()) {
    const IoResult result = stream_->write(unsent_);
    if (result.status != IoResult::Status::done) return;
    unsent_.erase(0, result.bytes);
  }
}

void Dialogue::quit_at_once() {
  parser_.clear();
  send("QUIT");
  flush();
}

Task<> Dialogue::quit(SteadyTime deadline, std::function<bool()> in_a_hurry) {
  quit_at_once();
  while (!in_a_hurry()) {
    const Event event = co_await exchange(deadline);
    if (event == Event::deadline || event == Event::broken || next_reply()) co_return;
  }
}

Dialogue::Event Dialogue::over(std::string trouble, bool lost) {
  trouble_ = std::move(trouble);
  lost_ = lost;
  return Event::broken;
}

Task<Dialogue::Event> Dialogue::wait(SteadyTime deadline) {
  in_a_row_ = 0;
  const Watch watch{&stream_->readiness(), !unsent_.empty() || stream_->holds_output()};
  timed_out_ = !co_await place_.until(deadline, {&watch, 1});
  if (!timed_out_) co_return Event::woken;
  trouble_ = "no reply in time";
  co_return Event::deadline;
}

/// A server that talks faster than we read would never make us wait, and so neither the others on the loop
/// nor the deadline would have their time.
Task<Dialogue::Event> Dialogue::give_others_a_turn(SteadyTime deadline) {
  in_a_row_ = 0;
  place_.wake();
  co_await place_.until(SteadyTime::max());
  timed_out_ = place_.loop().clock().now() >= deadline;
  if (!timed_out_) co_return Event::bytes;
  trouble_ = "no reply in time";
  co_return Event::deadline;
}

Task<Dialogue::Event> Dialogue::exchange(SteadyTime deadline) {
  flush();
  if (stream_->holds_output()) stream_->write({});
  std::array<char, 4096> chunk;
  for (bool waited = false;; waited = true) {
    const IoResult result = stream_->read(chunk);
    if (result.status == IoResult::Status::done) {
      parser_.feed({chunk.data(), result.bytes});
      if (parser_.broken()) co_return over("not SMTP: " + *parser_.broken());
      if (++in_a_row_ < most_in_a_row) co_return Event::bytes;
      co_return co_await give_others_a_turn(deadline);
    }
    if (result.status != IoResult::Status::would_block) co_return over(result.why, result.lost);
    if (waited) co_return Event::woken;
    if (co_await wait(deadline) == Event::deadline) co_return Event::deadline;
  }
}

std::optional<SmtpReply> Dialogue::next_reply() {
  std::optional<SmtpReply> reply = parser_.next();
  if (reply && log_.wants(LogLevel::debug)) {
    log_.debug(peer_ + " > " + std::to_string(reply->code) + " " + printable(reply->text()));
  }
  return reply;
}

void Dialogue::start_tls(std::shared_ptr<TlsContext> context, const TlsDemand& demand,
                         const Endpoint& server) {
  parser_.clear();
  stream_ = std::make_unique<TlsStream>(std::move(stream_), std::move(context), demand, server);
}

Task<Dialogue::Event> Dialogue::handshake(SteadyTime deadline) {
  for (bool waited = false;; waited = true) {
    const IoResult result = stream_->connected();
    if (result.status == IoResult::Status::done) {
      cipher_ = static_cast<const TlsStream&>(*stream_).cipher();
      co_return Event::bytes;
    }
    if (result.status != IoResult::Status::would_block) co_return over(result.why, result.lost);
    if (waited) co_return Event::woken;
    if (co_await wait(deadline) == Event::deadline) {
      trouble_ = "TLS handshake not finished in time";
      co_return Event::deadline;
    }
  }
}

}  // namespace fallbackmx
