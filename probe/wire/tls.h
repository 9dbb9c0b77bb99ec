// TLS for probes: a Stream over a Stream. The home of OpenSSL.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "probe/base/result.h"
#include "probe/wire/stream.h"
#include "probe/wire/tls_policy.h"

struct ssl_ctx_st;
struct ssl_st;
struct ssl_session_st;

namespace fallbackmx {

/// What all sessions share: OpenSSL's client context, and the sessions that servers let us resume. Built once
/// per configuration; afterwards used on the loop's thread.
class TlsContext {
 public:
  /// With the CA files, the client certificate and the key of these settings. The error names the file.
  static Result<std::shared_ptr<TlsContext>> make(const Settings&);
  /// Those of these TLSA records that OpenSSL can compare a certificate with: not one whose digest has the
  /// wrong length, or whose certificate cannot be read. An error is trouble of ours, such as no memory.
  Result<std::vector<TlsaRecord>> usable(const std::vector<TlsaRecord>&) const;
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsStream;
  TlsContext();
  static int keep_session(ssl_st* ssl, ssl_session_st* session);

  ssl_ctx_st* context_;
  std::map<std::string, ssl_session_st*> sessions_;  ///< by server and demand; bounded
};

/// The client's side of TLS on a connected stream, which it takes over. connected() drives the handshake, and
/// fails when the server does not meet the demand: nothing is sent to it then. At level `may` certificates
/// are not looked at: it keeps out listeners, not impostors (RFC 7435).
class TlsStream final : public Stream {
 public:
  /// SNI is the first name demanded, else `host` unless that is an address (RFC 7672 section 8.1).
  TlsStream(std::unique_ptr<Stream> wire, std::shared_ptr<TlsContext> context, const TlsDemand& demand,
            const Endpoint& server);
  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  IoResult connected() override;
  IoResult read(std::span<char> into) override;
  IoResult write(std::string_view bytes) override;
  Readiness& readiness() override { return wire_->readiness(); }
  bool holds_output() const override { return !outgoing_.empty(); }

  /// `TLSv1.3 TLS_AES_256_GCM_SHA384`, once connected.
  std::string cipher() const;
  bool resumed() const;

 private:
  friend class TlsContext;
  void demand_names(const TlsDemand& demand);
  void demand_dane(const TlsDemand& demand);
  /// Moves ciphertext between OpenSSL and the wire; would_block when the wire gives nothing new.
  IoResult move();
  IoResult flush();
  IoResult after(int outcome);

  std::unique_ptr<Stream> wire_;
  std::shared_ptr<TlsContext> context_;
  std::string session_key_;
  ssl_st* ssl_;
  bool failed_ = false;
  std::string impossible_;  ///< not empty: why no certificate can meet the demand
  std::string outgoing_;    ///< ciphertext the wire would not take yet
};

}  // namespace fallbackmx
