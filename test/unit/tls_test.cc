// Handshakes against a server in the same thread: what each demand accepts, and what it does not.
#include "probe/wire/tls.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "conf/config.h"
#include "test/fake/server_tls.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// The other end: whatever is written to it goes straight into a TLS server that says what it hears, in
/// capitals.
class LoopStream final : public Stream {
 public:
  explicit LoopStream(SSL_CTX* context) : ssl_(SSL_new(context)) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_);
  }
  ~LoopStream() override { SSL_free(ssl_); }
  LoopStream(const LoopStream&) = delete;
  LoopStream& operator=(const LoopStream&) = delete;

  IoResult connected() override { return {}; }
  IoResult read(std::span<char> into) override {
    if (sends_tickets_) {
      SSL_new_session_ticket(ssl_);
      SSL_do_handshake(ssl_);
    }
    const int got = BIO_read(SSL_get_wbio(ssl_), into.data(), static_cast<int>(into.size()));
    if (got <= 0) return {.status = IoResult::Status::would_block};
    return {.bytes = static_cast<std::size_t>(got)};
  }
  IoResult write(std::string_view bytes) override {
    BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
    std::array<char, 100> heard;
    for (int got; (got = SSL_read(ssl_, heard.data(), heard.size())) > 0;) {
      for (int i = 0; i < got; ++i) heard[static_cast<std::size_t>(i)] &= ~0x20;
      SSL_write(ssl_, heard.data(), got);
    }
    return {.bytes = bytes.size()};
  }
  Readiness& readiness() override { return readiness_; }
  /// From now on, whenever somebody reads.
  void send_tickets() { sends_tickets_ = true; }

 private:
  SSL* ssl_;
  bool sends_tickets_ = false;
  Readiness readiness_{[](bool) { return true; }};
};

std::string certificate_digest(SSL_CTX* context, bool public_key_only) {
  X509* certificate = SSL_CTX_get0_certificate(context);
  unsigned char* der = nullptr;
  const int size = public_key_only ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der)
                                   : i2d_X509(certificate, &der);
  std::string digest(32, '\0');
  SHA256(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(digest.data()));
  OPENSSL_free(der);
  return digest;
}

/// The server's certificate as a file of trusted authorities.
class AuthorityFile {
 public:
  explicit AuthorityFile(SSL_CTX* context) {
    const int fd = mkstemp(path_.data());
    FILE* file = fdopen(fd, "w");
    PEM_write_X509(file, SSL_CTX_get0_certificate(context));
    fclose(file);
  }
  ~AuthorityFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/fallbackmx-authority-XXXXXX";
};

const Endpoint server{"mx1.example.org", boost::asio::ip::make_address("192.0.2.1"), 25, 10, true,
                      "example.org"};

class TlsTest : public testing::Test {
 protected:
  /// The settings that a milter.conf with these lines comes to.
  static Settings settings_of(std::vector<std::string> lines) {
    const Config config = read_config({"", {}, std::move(lines)});
    EXPECT_TRUE(config.settings) << config.errors.front();
    return config.settings ? *config.settings : Settings{};
  }
  /// Empty when the handshake succeeds.
  std::string handshake(const TlsDemand& demand, const std::shared_ptr<TlsContext>& context) {
    auto other_end = std::make_unique<LoopStream>(credentials.context());
    other = other_end.get();
    stream = std::make_unique<TlsStream>(std::move(other_end), context, demand, server);
    const IoResult result = stream->connected();
    return result.status == IoResult::Status::done ? "" : result.why.empty() ? "not finished" : result.why;
  }
  std::string handshake(const TlsDemand& demand) { return handshake(demand, *TlsContext::make(settings)); }

  std::string say(std::string_view words) {
    EXPECT_EQ(stream->write(words).bytes, words.size());
    std::array<char, 100> heard;
    const IoResult result = stream->read(heard);
    return result.status == IoResult::Status::done ? std::string(heard.data(), result.bytes) : result.why;
  }

  ServerCredentials credentials{"mx1.example.org"};
  AuthorityFile authority{credentials.context()};
  Settings settings;
  std::unique_ptr<TlsStream> stream;
  LoopStream* other = nullptr;  ///< the stream's
};

TEST_F(TlsTest, AtMayAnyCertificateWillDo) {
  EXPECT_EQ(handshake({.level = TlsLevel::may}), "");
  EXPECT_EQ(say("ehlo"), "EHLO");
  EXPECT_EQ(stream->cipher().substr(0, 8), "TLSv1.3 ");
}

TEST_F(TlsTest, SessionTicketsWithoutAnEndAreTheEnd) {
  ASSERT_EQ(handshake({.level = TlsLevel::may}), "");
  ASSERT_EQ(say("ehlo"), "EHLO");
  other->send_tickets();
  std::array<char, 100> heard;
  EXPECT_EQ(stream->read(heard).why, "TLS: too much without any data");
}

TEST_F(TlsTest, SecureNeedsAnAuthorityAndTheName) {
  TlsDemand demand{.level = TlsLevel::secure, .names = {{"mx1.example.org"}}};
  EXPECT_NE(handshake(demand), "") << "self-signed, and nobody vouches for it";
  settings.smtp_tls_CAfile = authority.path();
  EXPECT_EQ(handshake(demand), "");
  demand.names = {{"mx2.example.org"}};
  EXPECT_NE(handshake(demand).find("ostname"), std::string::npos) << handshake(demand);
}

// Issue 15, item 19: a row of a policy table that demands an authority was deferred for ever.
TEST_F(TlsTest, AuthoritiesAreReadWhereverAPolicyNeedsThem) {
  setenv("SSL_CERT_FILE", authority.path().c_str(), 1);  // those of the system
  const TemporaryFile recipients("example.org smtp_tls_security_level=secure\n");
  const TemporaryFile next_hops("example.org verify\n");
  const TemporaryFile others("example.org encrypt\n");
  const TlsDemand demand{.level = TlsLevel::secure, .names = {{"mx1.example.org"}}};
  const struct {
    std::string line;
    bool believed;
  } cases[] = {
      {"smtp_tls_security_level=verify", true},
      {"recipient_policy_maps=texthash:" + recipients.path(), true},
      {"smtp_tls_policy_maps=texthash:" + next_hops.path(), true},
      {"smtp_tls_policy_maps=texthash:" + others.path(), false},
      {"smtp_tls_security_level=dane", false},
  };
  for (const auto& [line, believed] : cases) {
    settings = settings_of({line});
    EXPECT_EQ(handshake(demand).empty(), believed) << line;
  }
  unsetenv("SSL_CERT_FILE");
}

TEST_F(TlsTest, RecordsThatCannotBeComparedAreFoundOut) {
  const auto context = *TlsContext::make(settings);
  const TlsaRecord good{3, 1, 1, std::string(32, 'k')}, short_digest{3, 1, 1, "k"},
      no_certificate{3, 0, 0, "rubbish"}, unknown{3, 1, 9, std::string(32, 'k')};
  EXPECT_EQ(*context->usable({short_digest, good, no_certificate, unknown}), std::vector<TlsaRecord>{good});
  EXPECT_TRUE(context->usable({})->empty());
}

TEST_F(TlsTest, WithoutARecordThatCanBeUsedDaneBelievesNobody) {
  settings.smtp_tls_CAfile = authority.path();  // nor those whom an authority vouches for
  const TlsDemand demand{
      .level = TlsLevel::dane, .names = {{"mx1.example.org"}}, .tlsa = {{3, 1, 1, "too short"}}};
  EXPECT_EQ(handshake(demand), "TLS: none of the TLSA records can be used");
}

// An OpenSMTPD whose handshake failed with alert 80 was logged as "self-signed certificate".
TEST_F(TlsTest, TheReasonIsTheServersAlertAndNotACertificateThatNobodyChecked) {
  SSL_CTX_set_verify(credentials.context(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  ASSERT_EQ(handshake({.level = TlsLevel::may, .protocols = *TlsProtocols::parse("<=TLSv1.2")}),
            "TLS: the server sent alert 40 (sslv3 alert handshake failure)");
  EXPECT_EQ(handshake({.level = TlsLevel::may}), "") << "with TLS 1.3 it comes after our part";
  EXPECT_EQ(say("ehlo"), "TLS: the server sent alert 116 (tlsv13 alert certificate required)");
  const TlsDemand secure{.level = TlsLevel::secure, .names = {{"mx1.example.org"}}};
  EXPECT_TRUE(handshake(secure).starts_with("TLS: certificate: ")) << handshake(secure);
}

TEST_F(TlsTest, ANameBelowMatchesOnlyWhereItIsAllowed) {
  settings.smtp_tls_CAfile = authority.path();
  EXPECT_NE(handshake({.level = TlsLevel::secure, .names = {{"example.org"}}}), "");
  EXPECT_EQ(handshake({.level = TlsLevel::secure, .names = {{"example.org"}, {"example.org", true}}}), "");
}

TEST_F(TlsTest, DaneTakesThePublicKeyThatTheTlsaRecordNamesAndNoOther) {
  TlsDemand demand{.level = TlsLevel::dane, .names = {{"mx1.example.org"}}};
  demand.tlsa = {{3, 1, 1, certificate_digest(credentials.context(), true)}};
  EXPECT_EQ(handshake(demand), "");
  demand.tlsa = {{3, 0, 1, certificate_digest(credentials.context(), false)}};
  EXPECT_EQ(handshake(demand), "");
  demand.tlsa = {{3, 1, 1, std::string(32, 'x')}};
  EXPECT_NE(handshake(demand), "");
  demand.tlsa.push_back({3, 1, 1, certificate_digest(credentials.context(), true)});
  EXPECT_EQ(handshake(demand), "") << "one of several is enough: keys roll over";
}

TEST_F(TlsTest, DaneEeDoesNotLookAtNames) {
  ServerCredentials other{"other.example.net"};
  std::swap(credentials, other);
  TlsDemand demand{.level = TlsLevel::dane, .names = {{"mx1.example.org"}}};
  demand.tlsa = {{3, 1, 1, certificate_digest(credentials.context(), true)}};
  EXPECT_EQ(handshake(demand), "") << "RFC 7672 section 3.1.1";
}

TEST_F(TlsTest, TheProtocolRangeHolds) {
  TlsDemand demand{.level = TlsLevel::may, .protocols = *TlsProtocols::parse("<=TLSv1.2")};
  ASSERT_EQ(handshake(demand), "");
  EXPECT_EQ(stream->cipher().substr(0, 8), "TLSv1.2 ");
}

TEST_F(TlsTest, ASecondConnectionResumesTheSession) {
  const auto context = *TlsContext::make(settings);
  ASSERT_EQ(handshake({.level = TlsLevel::may}, context), "");
  EXPECT_FALSE(stream->resumed());
  say("ehlo");  // TLS 1.3 sends its tickets with the first words
  ASSERT_EQ(handshake({.level = TlsLevel::may}, context), "");
  EXPECT_TRUE(stream->resumed());
  ASSERT_EQ(handshake({.level = TlsLevel::encrypt}, context), "");
  EXPECT_FALSE(stream->resumed()) << "a session carries what was checked under its own demand";
}

TEST_F(TlsTest, AFileThatIsNoneIsAnErrorThatNamesIt) {
  settings.smtp_tls_CAfile = "/nonexistent/authorities.pem";
  const auto context = TlsContext::make(settings);
  ASSERT_FALSE(context);
  EXPECT_NE(context.error().find("smtp_tls_CAfile = /nonexistent/authorities.pem"), std::string::npos)
      << context.error();
}

TEST_F(TlsTest, RubbishInPlaceOfAServerIsAnErrorInWords) {
  class Rubbish final : public Stream {
   public:
    IoResult connected() override { return {}; }
    IoResult read(std::span<char> into) override {
      std::fill(into.begin(), into.end(), '2');
      return {.bytes = into.size()};
    }
    IoResult write(std::string_view bytes) override { return {.bytes = bytes.size()}; }
    Readiness& readiness() override { return readiness_; }

   private:
    Readiness readiness_{[](bool) { return true; }};
  };
  TlsStream talk(std::make_unique<Rubbish>(), *TlsContext::make(settings), {.level = TlsLevel::may}, server);
  const IoResult result = talk.connected();
  EXPECT_EQ(result.status, IoResult::Status::failed);
  EXPECT_TRUE(result.why.starts_with("TLS: ")) << result.why;
}

}  // namespace
}  // namespace fallbackmx
