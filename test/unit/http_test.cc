#include "milter/pages/http.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace fallbackmx {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Http : public ::testing::Test {
 protected:
  Http() {
    auto opened =
        HttpServer::open({boost::asio::ip::address_v4::loopback(), 0},
                         {{"/metrics", [] { return HttpAnswer{.body = "fallbackmx_up 1\n"}; }},
                          {"/readyz", [] { return HttpAnswer{.status = 503, .body = "stopping\n"}; }},
                          {"/broken", []() -> HttpAnswer { throw std::runtime_error("secret"); }}});
    server_ = *std::move(opened);
  }

  int connected() const {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(server_->port()));
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    return descriptor;
  }

  /// All that comes until the server hangs up.
  std::string ask(const std::string& request) const {
    const int descriptor = connected();
    send(descriptor, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char bytes[4096];
    for (ssize_t size; (size = recv(descriptor, bytes, sizeof bytes, 0)) > 0;)
      answer.append(bytes, static_cast<std::size_t>(size));
    close(descriptor);
    return answer;
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(Http, PagesAreFoundByPathAndOnlyRead) {
  struct Case {
    const char *request, *status, *end;
  };
  for (const auto& c : {Case{"GET /metrics", "HTTP/1.1 200 ", "\r\n\r\nfallbackmx_up 1\n"},
                        {"GET /metrics?x=1", "HTTP/1.1 200 ", "\r\n\r\nfallbackmx_up 1\n"},
                        {"HEAD /metrics", "HTTP/1.1 200 ", "\r\n\r\n"},
                        {"GET /readyz", "HTTP/1.1 503 ", "\r\n\r\nstopping\n"},
                        {"GET /", "HTTP/1.1 404 ", "There is no such page.\n"},
                        {"GET /metrics/../../etc/passwd", "HTTP/1.1 404 ", "There is no such page.\n"},
                        {"GET /broken", "HTTP/1.1 500 ", "This page could not be made.\n"},
                        {"DELETE /metrics", "HTTP/1.1 405 ", "Pages here can only be read.\n"}}) {
    const std::string answer = ask(std::string(c.request) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, StartsWith(c.status)) << c.request;
    EXPECT_THAT(answer, EndsWith(c.end)) << c.request;
  }
}

TEST_F(Http, APageOfMetricsSaysWhatItIs) {
  EXPECT_THAT(ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
              HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
}

TEST_F(Http, ABrowserMayLoadNothingFromElsewhere) {
  EXPECT_THAT(
      ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
      HasSubstr("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
}

TEST_F(Http, RubbishAndSilenceHoldUpNobodyElse) {
  const std::vector<int> silent = {connected(), connected(), connected()};
  ask(std::string(100'000, 'x') + "\r\n\r\n");
  ask(std::string("\0\xff\r\n\r\n", 6));
  ask("GET " + std::string(100'000, '/') + " HTTP/1.1\r\n\r\n");
  ask("POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_THAT(ask("GET /metrics HTTP/1.0\r\n\r\n"), HasSubstr("fallbackmx_up 1"));
  for (const int each : silent) close(each);
}

TEST_F(Http, TwoCannotListenAtOnePlace) {
  const auto place = *parse_address_port("127.0.0.1:" + std::to_string(server_->port()));
  const auto second = HttpServer::open(place, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "http_listen: cannot listen on " + place.text());
}

}  // namespace
}  // namespace fallbackmx
