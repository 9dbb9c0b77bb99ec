// Pages for monitoring programs and people, over HTTP; see http_listen.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "probe/base/result.h"
#include "probe/mail/host_port.h"

namespace fallbackmx {

struct HttpAnswer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

/// By path. Called by the server's threads, several at once.
using HttpPages = std::map<std::string, std::function<HttpAnswer()>>;

/// Serves GET and HEAD from the moment it is made until it is destroyed, in threads of its own. Whoever is
/// slow or sends rubbish holds one of a few threads for a few seconds, and nobody but other readers waits.
class HttpServer {
 public:
  /// Port 0: any that is free. An Error when nobody can listen there.
  static Result<std::unique_ptr<HttpServer>> open(const AddressPort& place, HttpPages pages);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// On which it listens, for those who asked for any.
  int port() const;

 private:
  class OurReaders;
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fallbackmx
