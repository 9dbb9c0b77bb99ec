#include "milter/setup/configuration.h"

#include <utility>

#include "milter/setup/notify.h"
#include "milter/setup/start_up.h"
#include "milter/setup/usable_config.h"

namespace fallbackmx {

Configuration::Configuration(ConfigSources sources, const Config& first, Clock& clock, Log& log,
                             Metrics& metrics, Take take)
    : sources_(std::move(sources)),
      started_with_(first.settings),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      take_(std::move(take)),
      in_force_{.config = first, .file = sources_.file, .since = clock.wall()} {
  metrics_.set(Gauge::reloaded, 1);
}

Configuration::Reloaded Configuration::reload() {
  const std::lock_guard one_at_a_time(reloading_);
  notify_reloading();
  Reloaded came;
  try {
    came = read_and_take();
  } catch (const std::exception& trouble) {
    metrics_.set(Gauge::reloaded, 0);
    log_.error(
        "reload: out of memory, descriptors or threads; the old configuration stays in force, try again");
    came = {.taken = false, .errors = {trouble.what()}};
    remember(came);
  }
  notify("READY=1");
  return came;
}

Configuration::Reloaded Configuration::read_and_take() {
  Config config = read_usable_config(sources_);
  Reloaded came{.taken = config.settings != nullptr, .errors = config.errors, .warnings = config.warnings};
  for (const auto& error : came.errors) log_.error("reload: " + error);
  for (const auto& warning : came.warnings) log_.warning("reload: " + warning);
  if (came.taken) {
    came.need_restart = need_restart(*started_with_, *config.settings);
    // Whoever works with it first: when that fails, nothing has changed, and what is shown is what is in
    // force.
    take_(config);
    {
      const std::lock_guard lock(mutex_);
      in_force_.config = std::move(config);
      in_force_.since = clock_.wall();
    }
    for (const auto& name : came.need_restart)
      log_.warning("reload: " + name + " was changed, which takes a restart");
    log_.info("reload: the new configuration is in force");
  } else {
    log_.error("reload: the old configuration stays in force");
  }
  metrics_.set(Gauge::reloaded, came.taken ? 1 : 0);
  remember(came);
  return came;
}

void Configuration::remember(const Reloaded& came) {
  const std::lock_guard lock(mutex_);
  in_force_.last_read_ok = came.taken;
  in_force_.errors = came.errors;
}

std::shared_ptr<const Settings> Configuration::settings() const {
  const std::lock_guard lock(mutex_);
  return in_force_.config.settings;
}

Configuration::InForce Configuration::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

}  // namespace fallbackmx
