// The destinations in use: who is asked at the same endpoints on the same terms is asked through one.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probe/base/task.h"
#include "probe/mail/endpoint.h"
#include "probe/wire/tls_policy.h"

namespace fallbackmx {

class Destination;
class Engine;

/// Belongs to the Verifier; lives on the loop. The engine outlives it; no session may be left at its end.
class Destinations {
 public:
  /// Above `most`, those without work that nobody holds are forgotten.
  explicit Destinations(Engine& engine, std::size_t most = 5000);
  ~Destinations();
  Destinations(const Destinations&) = delete;
  Destinations& operator=(const Destinations&) = delete;

  /// What a Question wants otherwise than the settings do.
  struct Terms {
    std::optional<TlsLevel> tls{};
    std::optional<std::string> sender{};
    std::vector<TlsPolicy> policies{};  ///< of each endpoint; none: as the settings say, asking no socketmap
  };
  /// The one for these endpoints, whatever domain leads there, as long as they need to show the same; made if
  /// there is none. Null once drained. Throws when there is no memory for another.
  std::shared_ptr<Destination> find(const std::vector<Endpoint>& endpoints, const Terms& terms);

  std::vector<std::shared_ptr<Destination>> all() const;
  /// Of each: see Destination. No more are made after drain().
  void renew();
  void drain();
  /// Ends when the last session has.
  Task<bool> stop();

 private:
  Engine& engine_;
  const std::size_t most_;
  bool drained_ = false;
  std::size_t look_at_;  ///< when there are more than so many, some are forgotten
  std::map<std::string, std::shared_ptr<Destination>> by_key_;
};

}  // namespace fallbackmx
