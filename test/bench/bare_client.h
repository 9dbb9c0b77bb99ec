// An SMTP client without a thought of its own: what the physical floor and plain Postfix are measured with.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace fallbackmx {

/// One connection. Belongs to one thread. All trouble is an exception (std::runtime_error): a measurement
/// with trouble in it is none.
class BareClient {
 public:
  /// Connects, reads the greeting, says EHLO; with `tls` also STARTTLS (nobody's certificate is looked at)
  /// and EHLO again.
  BareClient(const std::string& address, int port, bool tls);
  ~BareClient();
  BareClient(const BareClient&) = delete;
  BareClient& operator=(const BareClient&) = delete;

  /// Any number of lines, each with its CRLF, in one write.
  void send(const std::string& lines);
  /// The code of the next reply, however many lines that has.
  std::string reply();
  /// Throws unless the next reply begins with this.
  void expect(const std::string& code);

 private:
  void start_tls();
  std::string line();

  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  struct FreeTls {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  int socket_ = -1;
  std::unique_ptr<SSL_CTX, FreeContext> context_{};
  std::unique_ptr<SSL, FreeTls> tls_{};
  std::string unread_{};
};

}  // namespace fallbackmx
