#include "milter/pages/http.h"

#include <httplib.h>
#include <sys/socket.h>

#include <exception>
#include <string_view>
#include <thread>
#include <utility>

#include "conf/brackets.h"

namespace fallbackmx {

namespace {

constexpr std::size_t readers = 8;  // served at one time
// Nothing but what a page brings along, whatever may be in it.
constexpr auto content_policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
constexpr int patience = 2;  // seconds for one that sends or reads slowly

void share_no_port(int descriptor) {
  const int yes = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

void refuse(httplib::Response& response, int status, const char* text) {
  response.status = status;
  response.set_content(text, "text/plain; charset=utf-8");
}

void answer(const HttpPages& pages, const httplib::Request& request, httplib::Response& response) {
  const auto page = pages.find(request.path);
  if (page == pages.end()) return refuse(response, 404, "There is no such page.\n");
  if (request.method != "GET" && request.method != "HEAD")
    return refuse(response, 405, "Pages here can only be read.\n");
  HttpAnswer made = page->second();
  response.status = made.status;
  response.set_content(made.body, made.type);
}

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(HttpPages pages) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(readers); };
    server_.set_socket_options(share_no_port);
    server_.set_keep_alive_max_count(1);
    server_.set_read_timeout(patience);
    server_.set_write_timeout(patience);
    server_.set_default_headers({{"Cache-Control", "no-store"},
                                 {"X-Content-Type-Options", "nosniff"},
                                 {"Content-Security-Policy", content_policy},
                                 {"Referrer-Policy", "no-referrer"}});
    // Before anything is read that comes behind the head, and without the library's regular expressions.
    server_.set_pre_routing_handler([pages = std::move(pages)](const auto& request, auto& response) {
      answer(pages, request, response);
      return httplib::Server::HandlerResponse::Handled;
    });
    server_.set_exception_handler([](const auto&, auto& response, std::exception_ptr) {
      refuse(response, 500, "This page could not be made.\n");
    });
  }

  ~Impl() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }

  bool listen(const std::string& host, int port) {
    if (port == 0) {
      port_ = server_.bind_to_any_port(host);
    } else {
      port_ = server_.bind_to_port(host, port) ? port : -1;
    }
    if (port_ <= 0) return false;
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // One that does not run yet cannot be stopped.
    while (!server_.is_running()) std::this_thread::yield();
    return true;
  }

  int port() const { return port_; }

 private:
  httplib::Server server_;
  std::thread thread_;
  int port_ = -1;
};

Result<std::unique_ptr<HttpServer>> HttpServer::open(const std::string& listen, HttpPages pages) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return Error{"http_listen: " + listen + " has no port"};
  const std::string host(without_square_brackets(std::string_view(listen).substr(0, colon)));
  auto impl = std::make_unique<Impl>(std::move(pages));
  if (!impl->listen(host, std::atoi(listen.c_str() + colon + 1)))
    return Error{"http_listen: cannot listen on " + listen};
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port(); }

}  // namespace fallbackmx
