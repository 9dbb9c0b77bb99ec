#include "milter/pages/http.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "milter/libmilter/admission.h"
#include "milter/pages/readers.h"

namespace fallbackmx {

namespace {

constexpr std::size_t most_readers = 8;  // served at one time
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

/// httplib's own threads take the process with them when one of them cannot be made, or one of their readers
/// is out of memory.
class HttpServer::OurReaders final : public httplib::TaskQueue {
 public:
  /// Nothing, or since 0.14 whether there was room; which we see to ourselves.
  using Enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue({}));
  /// By httplib, for each connection.
  Enqueued enqueue(std::function<void()> serve_and_close) override {
    readers_.take({Admission::last_accepted(), std::move(serve_and_close)});
    return static_cast<Enqueued>(true);
  }
  void shutdown() override { readers_.end(); }

 private:
  Readers readers_{most_readers};
};

class HttpServer::Impl {
 public:
  explicit Impl(HttpPages pages) {
    server_.new_task_queue = [this] { return readers_.release(); };
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
    readers_ = std::make_unique<OurReaders>();
    thread_ = std::thread([this] { serve(); });
    // One that does not run yet cannot be stopped.
    while (!server_.is_running() && !ended_) std::this_thread::yield();
    return true;
  }

  int port() const { return port_; }

 private:
  void serve() noexcept {
    try {
      server_.listen_after_bind();
    } catch (const std::exception&) {  // out of memory between two connections
    }
    ended_ = true;
  }

  httplib::Server server_;
  std::unique_ptr<OurReaders> readers_;  ///< until the server takes them
  std::atomic<bool> ended_{false};
  std::thread thread_;
  int port_ = -1;
};

Result<std::unique_ptr<HttpServer>> HttpServer::open(const AddressPort& place, HttpPages pages) {
  auto impl = std::make_unique<Impl>(std::move(pages));
  if (!impl->listen(place.address.to_string(), place.port))
    return Error{"http_listen: cannot listen on " + place.text()};
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port(); }

}  // namespace fallbackmx
