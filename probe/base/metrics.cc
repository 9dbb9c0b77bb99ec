#include "probe/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fallbackmx {

/// One declared metric with all its combinations of labels. Those that were used are found again here, since
/// the library makes a new one each time, to see then that it has it.
template <class Metric>
class Metrics::Family {
 public:
  Family(prometheus::Family<Metric>& series, std::vector<std::string> label_names)
      : series_(series), label_names_(std::move(label_names)) {}

  bool labelled() const { return !label_names_.empty(); }

  template <class... Arguments>
  Metric& with(Metrics::Labels values, const Arguments&... arguments) {
    std::string key;
    for (const std::string_view value : values) key.append(value).push_back('\0');
    const std::lock_guard lock(mutex_);
    Metric*& metric = used_[key];
    if (!metric) metric = &series_.Add(labels(values), arguments...);
    return *metric;
  }

  /// Only where nobody else uses it.
  void remove(const std::string& value) {
    Metric& metric = with({value});
    series_.Remove(&metric);
    const std::lock_guard lock(mutex_);
    used_.erase(value + '\0');
  }

 private:
  prometheus::Labels labels(Metrics::Labels values) const {
    assert(values.size() == label_names_.size());
    prometheus::Labels labels;
    auto name = label_names_.begin();
    for (const std::string_view value : values) labels.emplace(*name++, value);
    return labels;
  }

  prometheus::Family<Metric>& series_;
  const std::vector<std::string> label_names_;
  std::mutex mutex_;
  std::unordered_map<std::string, Metric*> used_;  ///< by the values of the labels
};

class Metrics::Families {
 public:
  Families() {
    using prometheus::BuildCounter, prometheus::BuildGauge, prometheus::BuildHistogram;
#define DECLARED(families, build, name, help, ...)                                      \
  families.emplace_back(build().Name("fallbackmx_" name).Help(help).Register(registry), \
                        std::vector<std::string>{__VA_ARGS__});
#define COUNTER(enumerator, name, help, ...) DECLARED(counters, BuildCounter, name, help, __VA_ARGS__)
#define GAUGE(enumerator, name, help, ...) DECLARED(gauges, BuildGauge, name, help, __VA_ARGS__)
#define TIMER(enumerator, name, help, ...) DECLARED(timers, BuildHistogram, name, help, __VA_ARGS__)
#include "probe/base/metrics.def"
#undef DECLARED
    // What has no labels is there from the start, at zero: a rate needs two points.
    for (auto& family : counters) {
      if (!family.labelled()) family.with({});
    }
  }

  /// A round trip on a LAN is the least that is worth telling apart, answer_timeout (8 s) about the most.
  const prometheus::Histogram::BucketBoundaries seconds = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
                                                           0.2,   0.5,   1,     2,    5,    10};
  prometheus::Registry registry;
  std::deque<Family<prometheus::Counter>> counters;
  std::deque<Family<prometheus::Gauge>> gauges;
  std::deque<Family<prometheus::Histogram>> timers;
  std::mutex replacing;
  std::map<Gauge, std::vector<std::string>> replaced;  ///< the labels that there are; guarded by replacing
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::count(Counter which, Labels labels) {
  families_->counters[static_cast<std::size_t>(which)].with(labels).Increment();
}

void Metrics::declare(Counter which, Labels labels) {
  families_->counters[static_cast<std::size_t>(which)].with(labels);
}

void Metrics::count_to(Counter which, double value) {
  auto& counter = families_->counters[static_cast<std::size_t>(which)].with({});
  if (value > counter.Value()) counter.Increment(value - counter.Value());
}

void Metrics::set(Gauge which, double value, Labels labels) {
  families_->gauges[static_cast<std::size_t>(which)].with(labels).Set(value);
}

void Metrics::replace(Gauge which, const std::map<std::string, double>& by_label) {
  auto& family = families_->gauges[static_cast<std::size_t>(which)];
  const std::lock_guard lock(families_->replacing);
  auto& shown = families_->replaced[which];
  for (const auto& label : shown) {
    if (!by_label.contains(label)) family.remove(label);
  }
  shown.clear();
  for (const auto& [label, value] : by_label) {
    family.with({label}).Set(value);
    shown.push_back(label);
  }
}

void Metrics::observe(Timer which, std::chrono::duration<double> time, Labels labels) {
  families_->timers[static_cast<std::size_t>(which)].with(labels, families_->seconds).Observe(time.count());
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace fallbackmx
