#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

// Prometheus metrics, by prometheus-cpp. A module declares its families in one metrics.cc, named
// gantry_<module>_<what>_<unit|total>, or by Kubernetes' own name where the meaning is the same.
// A label's values are a small set that no client can make grow.
namespace gantry::metrics {

enum class Kind { kCounter, kGauge, kHistogram };

// What metrics.md says of a family.
struct Description {
  std::string name;
  Kind kind;
  std::string help;
  std::vector<std::string> labels;
};

// Declare a family, for ever, in the registry of this process. Its series have exactly these
// labels. Declaring a name twice gives the same family. Thread-safe.
prometheus::Family<prometheus::Counter>& DeclareCounter(const std::string& name,
                                                        const std::string& help,
                                                        std::vector<std::string> labels = {});
prometheus::Family<prometheus::Gauge>& DeclareGauge(const std::string& name,
                                                    const std::string& help,
                                                    std::vector<std::string> labels = {});
prometheus::Family<prometheus::Histogram>& DeclareHistogram(const std::string& name,
                                                            const std::string& help,
                                                            std::vector<std::string> labels = {});

// A family whose series are looked up when somebody asks for metrics, and exist no longer than what
// they are about.
class Collected {
 public:
  Collected(const std::string& name, Kind kind, const std::string& help,
            std::vector<std::string> labels = {});
  // One series; `values` in the order of the labels.
  struct Sample {
    std::vector<std::string> values;
    double value;
  };
  // The family with these samples, and nothing without any.
  void AppendTo(std::vector<prometheus::MetricFamily>* out,
                const std::vector<Sample>& samples) const;

 private:
  const Description description_;
};

// `collect` is called at each Expose, until the guard dies; quick, thread-safe, and without
// declaring or removing collectors itself.
using Collector = std::function<void(std::vector<prometheus::MetricFamily>* out)>;
[[nodiscard]] std::shared_ptr<void> AddCollector(Collector collect);

// All that was declared so far, by name.
std::vector<Description> Catalogue();
// All metrics in the text exposition format, version 0.0.4, with those of the process itself.
std::string Expose();
// Upper bounds in seconds for request and reconcile durations.
const prometheus::Histogram::BucketBoundaries& DurationBuckets();
// `count` upper bounds from `first` on, each `factor` times the one before.
prometheus::Histogram::BucketBoundaries ExponentialBuckets(double first, double factor, int count);

// Declares what Expose adds about the process: CPU time, memory, descriptors, threads, start.
void DeclareProcessMetrics();

}  // namespace gantry::metrics
