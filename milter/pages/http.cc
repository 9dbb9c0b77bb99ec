#include "milter/pages/http.h"

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "conf/brackets.h"
#include "milter/admission.h"

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

/// A few threads, made before anybody is served. httplib's own pool takes the process with it when one of its
/// threads cannot be made, or one of its readers is out of memory.
class Readers final : public httplib::TaskQueue {
 public:
  explicit Readers(std::size_t many) {
    threads_.reserve(many);
    try {
      while (threads_.size() < many) threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
      end();
      throw;
    }
  }

  ~Readers() override { end(); }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  /// By httplib, for each connection.
  void enqueue(std::function<void()> serve_it) override {
    const Connection connection{Admission::last_accepted(), std::move(serve_it)};
    try {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(connection);
    } catch (const std::exception&) {
      return serve(connection);  // no memory to let it wait
    }
    changed_.notify_one();
  }

  void shutdown() override { end(); }

 private:
  struct Connection {
    int descriptor;
    std::function<void()> serve;  ///< and closes it
  };

  void serve() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const auto connection = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      serve(connection);
      lock.lock();
    }
  }

  static void serve(const Connection& connection) noexcept {
    try {
      connection.serve();
    } catch (const std::exception&) {  // out of memory: the library has not come as far as to close it
      close(connection.descriptor);
    }
  }

  void end() noexcept {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::list<Connection> waiting_;
  bool ending_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace

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
    readers_ = std::make_unique<Readers>(most_readers);
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
  std::unique_ptr<Readers> readers_;  ///< until the server takes them
  std::atomic<bool> ended_{false};
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
