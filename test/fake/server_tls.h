// The server's side of TLS without I/O: records go in and out as bytes.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace fallbackmx {

/// A key and a self-signed certificate for one name, made on the spot. Throws std::runtime_error when OpenSSL
/// fails.
class ServerCredentials {
 public:
  explicit ServerCredentials(const std::string& name);
  SSL_CTX* context() const { return context_.get(); }
  /// SHA-256 of the public key in hexadecimal: the data of a TLSA record 3 1 1 (RFC 6698).
  std::string key_digest() const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// One TLS connection. Owned by one thread.
class ServerTls {
 public:
  explicit ServerTls(std::shared_ptr<const ServerCredentials> credentials);

  /// Bytes from the client; returns what they decrypt to. Nothing once failed().
  std::string decrypt(std::string_view records);
  /// Queues a text for the client.
  void encrypt(std::string_view text);
  /// Queues the end of the TLS connection.
  void shut_down();
  /// Bytes to be sent to the client by now.
  std::string output();

  bool established() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool failed() const { return failed_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  void look_at(int result);

  std::shared_ptr<const ServerCredentials> credentials_;
  std::unique_ptr<SSL, Free> ssl_;
  BIO* in_ = nullptr;  // both owned by ssl_
  BIO* out_ = nullptr;
  bool failed_ = false;
};

}  // namespace fallbackmx
