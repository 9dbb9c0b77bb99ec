#include "probe/wire/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <new>

namespace fallbackmx {

namespace {

/// Words for an error of OpenSSL's.
std::string openssl_words(unsigned long code, const char* without_words) {
  if (code == 0) return without_words;
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  const std::string words = reason != nullptr ? reason : "unknown error";
  // An alert of the other side is a reason of its own, by its number.
  const int alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && alert >= 0 && alert <= 255)
    return "TLS: the server sent alert " + std::to_string(alert) + " (" + words + ")";
  return "TLS: " + words;
}

bool is_about_certificate(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

/// Of this thread's queue of errors, which is emptied: that a certificate did not verify, or else the first
/// one. 0: there is none.
unsigned long take_error() {
  unsigned long taken = 0;
  while (const auto code = ERR_get_error()) {
    if (taken == 0 || is_about_certificate(code)) taken = code;
  }
  return taken;
}

int add_tlsa(SSL* ssl, const TlsaRecord& record) {
  return SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching,
                           reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
}

/// Pieces from the wire that may come to nothing: many times the largest record.
constexpr int most_in_vain = 64;

/// Servers whose sessions are kept.
constexpr std::size_t most_sessions = 1000;

/// A session is resumed only under the same demand: it carries what was checked when it was new.
std::string session_key(const TlsDemand& demand, const Endpoint& server) {
  std::string key = server.key() + " " + std::string(to_string(demand.level)) + " " + demand.protocols.text();
  for (const TlsName& name : demand.names) key += (name.below ? " ." : " ") + name.name;
  for (const TlsaRecord& record : demand.tlsa) key += " " + std::to_string(record.usage) + record.data;
  return key;
}

std::uint64_t forbidden_versions(const TlsProtocols& protocols) {
  std::uint64_t options = 0;
  if (!protocols.contains(TlsProtocols::tls1)) options |= SSL_OP_NO_TLSv1;
  if (!protocols.contains(TlsProtocols::tls1_1)) options |= SSL_OP_NO_TLSv1_1;
  if (!protocols.contains(TlsProtocols::tls1_2)) options |= SSL_OP_NO_TLSv1_2;
  if (!protocols.contains(TlsProtocols::tls1_3)) options |= SSL_OP_NO_TLSv1_3;
  return options;
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
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Many servers close without a close_notify alert; SMTP has its own end.
  SSL_CTX_set_options(context_, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_dane_enable(context_);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, &TlsContext::keep_session);
}

TlsContext::~TlsContext() {
  for (const auto& [key, session] : sessions_) SSL_SESSION_free(session);
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<TlsContext>> TlsContext::make(const Settings& settings) {
  const std::shared_ptr<TlsContext> made(new TlsContext);
  ssl_ctx_st* context = made->context_;
  const auto trouble = [](std::string_view parameter, const std::string& file) {
    return Error{std::string(parameter) + " = " + file + ": " +
                 openssl_words(take_error(), "cannot be used")};
  };
  const std::string& file = settings.smtp_tls_CAfile;
  const std::string& path = settings.smtp_tls_CApath;
  if (!file.empty() && SSL_CTX_load_verify_file(context, file.c_str()) != 1)
    return trouble("smtp_tls_CAfile", file);
  if (!path.empty() && SSL_CTX_load_verify_dir(context, path.c_str()) != 1)
    return trouble("smtp_tls_CApath", path);
  // Reading the system's authorities takes a tenth of a second: only where somebody may ask for them.
  const bool looks_at_authorities = wants_authorities(settings.smtp_tls_security_level) ||
                                    settings.smtp_tls_policy_maps.want_authorities() ||
                                    settings.recipient_policy_maps.want_authorities();
  if (file.empty() && path.empty() && looks_at_authorities) SSL_CTX_set_default_verify_paths(context);
  const std::string& certificate = settings.smtp_tls_cert_file;
  const std::string& key = settings.smtp_tls_key_file;
  if (certificate.empty()) return made;
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return trouble("smtp_tls_cert_file", certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return trouble("smtp_tls_key_file", key);
  }
  return made;
}

Result<std::vector<TlsaRecord>> TlsContext::usable(const std::vector<TlsaRecord>& records) const {
  const std::unique_ptr<SSL, decltype(&SSL_free)> scratch(SSL_new(context_), &SSL_free);
  if (!scratch || SSL_dane_enable(scratch.get(), nullptr) <= 0)
    return Error{openssl_words(take_error(), "TLS: no memory")};
  std::vector<TlsaRecord> taken;
  for (const TlsaRecord& record : records) {
    // Above 0: added. 0: it cannot be used, others may be. Below: internal trouble.
    const int added = add_tlsa(scratch.get(), record);
    if (added < 0) return Error{openssl_words(take_error(), "TLS: no memory")};
    if (added > 0) taken.push_back(record);
  }
  ERR_clear_error();
  return taken;
}

/// OpenSSL hands over a session that can be resumed; 1 means that we have taken it.
int TlsContext::keep_session(ssl_st* ssl, ssl_session_st* session) {
  const auto* stream = static_cast<const TlsStream*>(SSL_get_app_data(ssl));
  TlsContext& context = *stream->context_;
  if (context.sessions_.size() >= most_sessions && !context.sessions_.contains(stream->session_key_)) {
    SSL_SESSION_free(context.sessions_.begin()->second);
    context.sessions_.erase(context.sessions_.begin());
  }
  ssl_session_st*& kept = context.sessions_[stream->session_key_];
  SSL_SESSION_free(kept);
  kept = session;
  return 1;
}

TlsStream::TlsStream(std::unique_ptr<Stream> wire, std::shared_ptr<TlsContext> context,
                     const TlsDemand& demand, const Endpoint& server)
    : wire_(std::move(wire)),
      context_(std::move(context)),
      session_key_(session_key(demand, server)),
      ssl_(SSL_new(context_->context_)) {
  if (ssl_ == nullptr) throw std::bad_alloc();
  SSL_set_app_data(ssl_, this);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_options(ssl_, forbidden_versions(demand.protocols));
  if (demand.level == TlsLevel::dane) {
    demand_dane(demand);
  } else if (!demand.names.empty()) {
    demand_names(demand);
  }
  const std::string& name = demand.names.empty() ? server.host : demand.names.front().name;
  if (!name.empty() && !is_address(name)) SSL_set_tlsext_host_name(ssl_, name.c_str());
  SSL_set_connect_state(ssl_);
  const auto kept = context_->sessions_.find(session_key_);
  if (kept != context_->sessions_.end()) SSL_set_session(ssl_, kept->second);
}

void TlsStream::demand_names(const TlsDemand& demand) {
  SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
  SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // A leading dot makes OpenSSL take any name below, over as many labels as there are.
  for (const TlsName& name : demand.names) SSL_add1_host(ssl_, ((name.below ? "." : "") + name.name).c_str());
}

/// RFC 7672 section 3.1: a DANE-EE(3) record vouches for the key whatever name and dates its certificate
/// bears.
/// Without a record that OpenSSL takes it would go by authorities instead, of which nobody has spoken.
void TlsStream::demand_dane(const TlsDemand& demand) {
  bool any = false;
  if (SSL_dane_enable(ssl_, nullptr) > 0) {
    SSL_dane_set_flags(ssl_, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    demand_names(demand);
    for (const TlsaRecord& record : demand.tlsa) any = add_tlsa(ssl_, record) > 0 || any;
  }
  if (!any) impossible_ = "TLS: none of the TLSA records can be used";
  ERR_clear_error();
}

bool TlsStream::resumed() const { return SSL_session_reused(ssl_) == 1; }

TlsStream::~TlsStream() {
  // OpenSSL takes a connection that ends without a shut-down alert for a reason never to resume its session.
  // SMTP ends with QUIT, and closing without an alert is what everybody does.
  if (!failed_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

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
      failed_ = true;
      const auto error = take_error();
      std::string why = openssl_words(error, "TLS: protocol error");
      // Where certificates are not looked at there is a verify result, too, and it is no reason.
      if (is_about_certificate(error)) {
        const long fault = SSL_get_verify_result(ssl_);
        why = std::string("TLS: certificate: ") + X509_verify_cert_error_string(fault);
      }
      // An alert of ours may tell the peer why; it is not waited for.
      flush();
      return {.status = IoResult::Status::failed, .why = std::move(why)};
  }
}

IoResult TlsStream::connected() {
  if (!impossible_.empty()) return {.status = IoResult::Status::failed, .why = impossible_};
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

/// A server that sends session tickets for ever would keep the loop here.
IoResult TlsStream::read(std::span<char> into) {
  for (int pieces = 0; pieces < most_in_vain; ++pieces) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, into.data(), static_cast<int>(into.size()));
    if (got > 0) return {.bytes = static_cast<std::size_t>(got)};
    IoResult result = after(got);
    if (result.status != IoResult::Status::would_block) return result;
    result = move();
    if (result.status != IoResult::Status::done) return result;
  }
  return {.status = IoResult::Status::failed, .why = "TLS: too much without any data"};
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
