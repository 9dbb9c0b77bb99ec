// The configuration in force, and how another one comes into force: all of it or nothing.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "conf/config.h"
#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/metrics.h"

namespace fallbackmx {

/// Used by all threads; reloads come one after the other.
class Configuration {
 public:
  /// Hands new settings to everybody who works with them: to all of them, or, when it throws, to nobody.
  using Take = std::function<void(const Config&)>;

  /// `first` has settings; it is what the daemon was started with.
  Configuration(ConfigSources sources, const Config& first, Clock& clock, Log& log, Metrics& metrics,
                Take take);

  /// What a reload came to.
  struct Reloaded {
    bool taken = false;  ///< else the old configuration stays in force
    std::vector<std::string> errors, warnings;
    std::vector<std::string> need_restart;  ///< parameters that were changed, and that we cannot follow
  };
  /// Reads the sources again, logs what came of it, and tells the service manager.
  Reloaded reload();

  std::shared_ptr<const Settings> settings() const;

  /// For those who want to see it.
  struct InForce {
    Config config;                      ///< with settings
    std::string file;                   ///< empty: none
    WallTime since{};                   ///< when it was read
    bool last_read_ok = true;           ///< false when a reload failed since
    std::vector<std::string> errors{};  ///< of that
  };
  InForce in_force() const;

 private:
  Reloaded read_and_take();
  void remember(const Reloaded& came);

  const ConfigSources sources_;
  const std::shared_ptr<const Settings> started_with_;
  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  const Take take_;
  std::mutex reloading_;  ///< held from the reading to the taking
  mutable std::mutex mutex_;
  InForce in_force_;  ///< guarded by mutex_
};

}  // namespace fallbackmx
