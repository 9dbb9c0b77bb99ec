#include "probe/smtp/dialogue.h"

#include <array>

namespace fallbackmx {

Dialogue::Dialogue(std::unique_ptr<Stream> stream, StreamFactory& streams, Sleeper& sleeper, Log& log,
                   std::string peer)
    : stream_(std::move(stream)), streams_(streams), sleeper_(sleeper), log_(log), peer_(std::move(peer)) {}

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

void Dialogue::quit(SteadyTime deadline, const std::function<bool()>& in_a_hurry) {
  parser_.clear();
  send("QUIT");
  flush();
  while (!in_a_hurry()) {
    const Event event = exchange(deadline);
    if (event == Event::deadline || event == Event::broken || next_reply()) return;
  }
}

Dialogue::Event Dialogue::over(std::string trouble, bool lost) {
  trouble_ = std::move(trouble);
  lost_ = lost;
  return Event::broken;
}

Dialogue::Event Dialogue::wait(SteadyTime deadline) {
  const Watch watch{&stream_->wire(), !unsent_.empty() || stream_->holds_output()};
  timed_out_ = !streams_.wait({&watch, 1}, sleeper_, deadline);
  if (!timed_out_) return Event::woken;
  trouble_ = "no reply in time";
  return Event::deadline;
}

Dialogue::Event Dialogue::exchange(SteadyTime deadline) {
  flush();
  if (stream_->holds_output()) stream_->write({});
  std::array<char, 4096> chunk;
  for (bool waited = false;; waited = true) {
    const IoResult result = stream_->read(chunk);
    if (result.status == IoResult::Status::done) {
      parser_.feed({chunk.data(), result.bytes});
      if (parser_.broken()) return over("not SMTP: " + *parser_.broken());
      return Event::bytes;
    }
    if (result.status != IoResult::Status::would_block) return over(result.why, result.lost);
    if (waited) return Event::woken;
    if (wait(deadline) == Event::deadline) return Event::deadline;
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

Dialogue::Event Dialogue::handshake(SteadyTime deadline) {
  for (bool waited = false;; waited = true) {
    const IoResult result = stream_->connected();
    if (result.status == IoResult::Status::done) {
      cipher_ = static_cast<const TlsStream&>(*stream_).cipher();
      return Event::bytes;
    }
    if (result.status != IoResult::Status::would_block) return over(result.why, result.lost);
    if (waited) return Event::woken;
    if (wait(deadline) == Event::deadline) {
      trouble_ = "TLS handshake not finished in time";
      return Event::deadline;
    }
  }
}

}  // namespace fallbackmx
