// What is counted and measured, for Prometheus.
#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace fallbackmx {

/// Grows only.
enum class Counter {
#define COUNTER(enumerator, ...) enumerator,
#include "probe/base/metrics.def"
};

/// A state.
enum class Gauge {
#define GAUGE(enumerator, ...) enumerator,
#include "probe/base/metrics.def"
};

/// A histogram of seconds.
enum class Timer {
#define TIMER(enumerator, ...) enumerator,
#include "probe/base/metrics.def"
};

/// All metrics of the daemon; they are declared once, in metrics.def. Used by all threads at once. Holds what
/// prometheus-cpp makes of it.
class Metrics {
 public:
  /// The values of a metric's labels, in the order of its declaration. Each combination is kept for ever,
  /// unless replace() drops it: only words of which there are few.
  using Labels = std::initializer_list<std::string_view>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count(Counter, Labels = {});
  /// Makes a counter stand at zero until it is counted: a rate needs two points.
  void declare(Counter, Labels);
  /// Counts up to what somebody else has counted.
  void count_to(Counter, double value);
  void set(Gauge, double value, Labels = {});
  /// All that there is of a gauge with one label: others go away.
  void replace(Gauge, const std::map<std::string, double>& by_label);
  void observe(Timer, std::chrono::duration<double>, Labels = {});

  /// Prometheus' text format, version 0.0.4.
  std::string text() const;

 private:
  template <class Metric>
  class Family;
  class Families;
  std::unique_ptr<Families> families_;
};

}  // namespace fallbackmx
