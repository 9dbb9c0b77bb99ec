#include "test/fake/server_tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace fallbackmx {

namespace {

template <class T>
T* must(T* made, const char* what) {
  if (made == nullptr) throw std::runtime_error(std::string("OpenSSL: ") + what);
  return made;
}

void must(int done, const char* what) {
  if (done <= 0) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Certificate self_signed(const std::string& name, EVP_PKEY* key) {
  Certificate certificate(must(X509_new(), "X509_new"));
  X509* const x = certificate.get();
  must(X509_set_version(x, X509_VERSION_3), "version");
  must(ASN1_INTEGER_set(X509_get_serialNumber(x), 1), "serial number");
  // Valid from before any virtual time until after it.
  must(ASN1_TIME_set_string(X509_getm_notBefore(x), "20200101000000Z"), "not before");
  must(ASN1_TIME_set_string(X509_getm_notAfter(x), "20491231235959Z"), "not after");
  X509_NAME* const subject = X509_get_subject_name(x);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0), "subject");
  must(X509_set_issuer_name(x, subject), "issuer");
  must(X509_set_pubkey(x, key), "public key");
  must(X509_sign(x, key, EVP_sha256()), "signature");
  return certificate;
}

}  // namespace

ServerCredentials::ServerCredentials(const std::string& name)
    : context_(must(SSL_CTX_new(TLS_server_method()), "SSL_CTX_new")) {
  const Key key(must(EVP_EC_gen("P-256"), "key"));
  const auto certificate = self_signed(name, key.get());
  must(SSL_CTX_use_certificate(context_.get(), certificate.get()), "use certificate");
  must(SSL_CTX_use_PrivateKey(context_.get(), key.get()), "use key");
}

std::string ServerCredentials::key_digest() const {
  const X509* const certificate = SSL_CTX_get0_certificate(context_.get());
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(X509_get0_pubkey(certificate), &der);
  must(size, "i2d_PUBKEY");
  const std::unique_ptr<unsigned char, void (*)(void*)> owned(der, [](void* bytes) { OPENSSL_free(bytes); });
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  must(EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &length, EVP_sha256(), nullptr),
       "digest");
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

ServerTls::ServerTls(std::shared_ptr<const ServerCredentials> credentials)
    : credentials_(std::move(credentials)),
      ssl_(must(SSL_new(credentials_->context()), "SSL_new")),
      in_(must(BIO_new(BIO_s_mem()), "BIO_new")),
      out_(must(BIO_new(BIO_s_mem()), "BIO_new")) {
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_accept_state(ssl_.get());
}

std::string ServerTls::decrypt(std::string_view records) {
  if (failed_) return {};
  BIO_write(in_, records.data(), static_cast<int>(records.size()));
  if (!established()) look_at(SSL_do_handshake(ssl_.get()));
  std::string text;
  std::array<char, 4096> piece;
  while (!failed_ && established()) {
    const int got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (got <= 0) {
      look_at(got);
      break;
    }
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

void ServerTls::encrypt(std::string_view text) {
  if (failed_ || text.empty()) return;
  look_at(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())));
}

void ServerTls::shut_down() {
  if (!failed_ && established()) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::string ServerTls::output() {
  std::string bytes(BIO_ctrl_pending(out_), '\0');
  if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void ServerTls::look_at(int result) {
  if (result > 0) return;
  const int error = SSL_get_error(ssl_.get(), result);
  failed_ = error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
  ERR_clear_error();
}

}  // namespace fallbackmx
