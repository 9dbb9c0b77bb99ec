#include "probe/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <new>

namespace fallbackmx {

namespace {

/// OpenSSL's own words for the first error of this thread's queue, which is emptied.
std::string openssl_words(const char* without_words) {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return without_words;
  const char* reason = ERR_reason_error_string(code);
  return std::string("TLS: ") + (reason != nullptr ? reason : "unknown error");
}

bool is_address(const std::string& host) {
  boost::system::error_code not_one;
  boost::asio::ip::make_address(host, not_one);
  return !not_one;
}

}  // namespace

TlsContext::TlsContext() : context_(SSL_CTX_new(TLS_client_method())) {
  if (context_ == nullptr) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
  SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Many servers close without a close_notify alert; SMTP has its own end.
  SSL_CTX_set_options(context_, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsStream::TlsStream(std::unique_ptr<Stream> wire, const TlsContext& context, const std::string& host)
    : wire_(std::move(wire)), ssl_(SSL_new(context.get())) {
  if (ssl_ == nullptr) throw std::bad_alloc();
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (!host.empty() && !is_address(host)) SSL_set_tlsext_host_name(ssl_, host.c_str());
  SSL_set_connect_state(ssl_);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

std::string TlsStream::cipher() const {
  return std::string(SSL_get_version(ssl_)) + " " + SSL_get_cipher_name(ssl_);
}

IoResult TlsStream::flush() {
  std::array<char, 4096> chunk;
  for (int got; (got = BIO_read(SSL_get_wbio(ssl_), chunk.data(), chunk.size())) > 0;) {
    outgoing_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  while (!outgoing_.empty()) {
    IoResult result = wire_->write(outgoing_);
    if (result.status != IoResult::Status::done) return result;
    outgoing_.erase(0, result.bytes);
  }
  return {};
}

IoResult TlsStream::move() {
  IoResult flushed = flush();
  if (flushed.status == IoResult::Status::failed || flushed.status == IoResult::Status::closed)
    return flushed;
  std::array<char, 4096> chunk;
  IoResult result = wire_->read(chunk);
  if (result.status == IoResult::Status::done) {
    BIO_write(SSL_get_rbio(ssl_), chunk.data(), static_cast<int>(result.bytes));
  }
  return result;
}

/// Turns OpenSSL's word about an unsuccessful call into ours.
IoResult TlsStream::after(int outcome) {
  switch (SSL_get_error(ssl_, outcome)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {.status = IoResult::Status::would_block};
    case SSL_ERROR_ZERO_RETURN:
      return {.status = IoResult::Status::closed, .why = "connection closed"};
    default:
      // An alert of ours may tell the peer why; it is not waited for.
      std::string why = openssl_words("TLS: protocol error");
      flush();
      return {.status = IoResult::Status::failed, .why = std::move(why)};
  }
}

IoResult TlsStream::connected() {
  for (;;) {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_);
    IoResult result = outcome == 1 ? flush() : after(outcome);
    if (result.status != IoResult::Status::would_block || outcome == 1) {
      return result.status == IoResult::Status::would_block ? IoResult{} : result;
    }
    result = move();
    if (result.status != IoResult::Status::done) return result;
  }
}

IoResult TlsStream::read(std::span<char> into) {
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, into.data(), static_cast<int>(into.size()));
    if (got > 0) return {.bytes = static_cast<std::size_t>(got)};
    IoResult result = after(got);
    if (result.status != IoResult::Status::would_block) return result;
    result = move();
    if (result.status != IoResult::Status::done) return result;
  }
}

IoResult TlsStream::write(std::string_view bytes) {
  // What is held back must go first, or it would grow without bound.
  IoResult flushed = flush();
  if (flushed.status != IoResult::Status::done) return flushed;
  if (bytes.empty()) return {.status = IoResult::Status::would_block};
  ERR_clear_error();
  const int sent = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  if (sent <= 0) return after(sent);
  flushed = flush();
  if (flushed.status == IoResult::Status::failed || flushed.status == IoResult::Status::closed)
    return flushed;
  return {.bytes = static_cast<std::size_t>(sent)};
}

}  // namespace fallbackmx
