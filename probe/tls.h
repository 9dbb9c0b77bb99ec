// TLS for probes: a Stream over a Stream. The home of OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "probe/stream.h"

struct ssl_ctx_st;
struct ssl_st;

namespace fallbackmx {

/// What all sessions share: OpenSSL's client context. Built once per configuration; afterwards used by all
/// threads.
class TlsContext {
 public:
  TlsContext();
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return context_; }

 private:
  ssl_ctx_st* context_;
};

/// The client's side of TLS on a connected stream, which it takes over. connected() drives the handshake.
/// Certificates are not checked: at level `may` TLS keeps out listeners, not impostors (RFC 7435).
class TlsStream final : public Stream {
 public:
  /// `host` goes into SNI unless it is an address.
  TlsStream(std::unique_ptr<Stream> wire, const TlsContext& context, const std::string& host);
  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  IoResult connected() override;
  IoResult read(std::span<char> into) override;
  IoResult write(std::string_view bytes) override;
  Stream& wire() override { return wire_->wire(); }
  bool holds_output() const override { return !outgoing_.empty(); }

  /// `TLSv1.3 TLS_AES_256_GCM_SHA384`, once connected.
  std::string cipher() const;

 private:
  /// Moves ciphertext between OpenSSL and the wire; would_block when the wire gives nothing new.
  IoResult move();
  IoResult flush();
  IoResult after(int outcome);

  std::unique_ptr<Stream> wire_;
  ssl_st* ssl_;
  std::string outgoing_;  ///< ciphertext the wire would not take yet
};

}  // namespace fallbackmx
