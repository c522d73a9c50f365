#include "apis/machinery/base/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/process_metrics.h"

namespace gantry::metrics {
namespace {

struct State {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Mutex mu;
  std::map<std::string, Description> catalogue GUARDED_BY(mu);
  uint64_t next GUARDED_BY(mu) = 0;
  std::map<uint64_t, Collector> collectors GUARDED_BY(mu);
};

State& Global() {
  static State* const state = new State;
  return *state;
}

void Describe(Description description) {
  State& state = Global();
  MutexLock lock(&state.mu);
  std::string name = description.name;
  state.catalogue.insert_or_assign(std::move(name), std::move(description));
}

// Families of one name, by several collectors, become one.
std::vector<prometheus::MetricFamily> MergedByName(std::vector<prometheus::MetricFamily> all) {
  std::map<std::string, prometheus::MetricFamily> by_name;
  for (prometheus::MetricFamily& family : all) {
    if (family.metric.empty()) continue;
    const auto [it, fresh] = by_name.try_emplace(family.name);
    if (fresh) {
      it->second = std::move(family);
    } else {
      std::move(family.metric.begin(), family.metric.end(), std::back_inserter(it->second.metric));
    }
  }
  std::vector<prometheus::MetricFamily> merged;
  merged.reserve(by_name.size());
  for (auto& [name, family] : by_name) merged.push_back(std::move(family));
  return merged;
}

}  // namespace

prometheus::Family<prometheus::Counter>& DeclareCounter(const std::string& name,
                                                        const std::string& help,
                                                        std::vector<std::string> labels) {
  Describe({name, Kind::kCounter, help, std::move(labels)});
  return prometheus::BuildCounter().Name(name).Help(help).Register(Global().registry);
}

prometheus::Family<prometheus::Gauge>& DeclareGauge(const std::string& name,
                                                    const std::string& help,
                                                    std::vector<std::string> labels) {
  Describe({name, Kind::kGauge, help, std::move(labels)});
  return prometheus::BuildGauge().Name(name).Help(help).Register(Global().registry);
}

prometheus::Family<prometheus::Histogram>& DeclareHistogram(const std::string& name,
                                                            const std::string& help,
                                                            std::vector<std::string> labels) {
  Describe({name, Kind::kHistogram, help, std::move(labels)});
  return prometheus::BuildHistogram().Name(name).Help(help).Register(Global().registry);
}

Collected::Collected(const std::string& name, Kind kind, const std::string& help,
                     std::vector<std::string> labels)
    : description_{name, kind, help, std::move(labels)} {
  Describe(description_);
}

void Collected::AppendTo(std::vector<prometheus::MetricFamily>* out,
                         const std::vector<Sample>& samples) const {
  prometheus::MetricFamily family;
  family.name = description_.name;
  family.help = description_.help;
  const bool counter = description_.kind == Kind::kCounter;
  family.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const Sample& sample : samples) {
    prometheus::ClientMetric metric;
    for (size_t i = 0; i < description_.labels.size(); ++i) {
      metric.label.push_back({description_.labels[i], sample.values[i]});
    }
    if (counter) {
      metric.counter.value = sample.value;
    } else {
      metric.gauge.value = sample.value;
    }
    family.metric.push_back(std::move(metric));
  }
  out->push_back(std::move(family));
}

std::shared_ptr<void> AddCollector(Collector collect) {
  State& state = Global();
  MutexLock lock(&state.mu);
  const uint64_t id = state.next++;
  state.collectors.emplace(id, std::move(collect));
  return std::shared_ptr<void>(nullptr, [id](void*) {
    State& s = Global();
    MutexLock guard(&s.mu);
    s.collectors.erase(id);
  });
}

std::vector<Description> Catalogue() {
  State& state = Global();
  MutexLock lock(&state.mu);
  std::vector<Description> all;
  for (const auto& [name, description] : state.catalogue) all.push_back(description);
  return all;
}

std::string Expose() {
  State& state = Global();
  std::vector<prometheus::MetricFamily> all = state.registry.Collect();
  AppendProcessMetrics(&all);
  {
    // Held, so that nothing that a collector looks at goes away meanwhile.
    MutexLock lock(&state.mu);
    for (const auto& [id, collect] : state.collectors) collect(&all);
  }
  return prometheus::TextSerializer().Serialize(MergedByName(std::move(all)));
}

const prometheus::Histogram::BucketBoundaries& DurationBuckets() {
  static const auto* const buckets = new prometheus::Histogram::BucketBoundaries{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return *buckets;
}

prometheus::Histogram::BucketBoundaries ExponentialBuckets(double first, double factor, int count) {
  prometheus::Histogram::BucketBoundaries bounds;
  for (double bound = first; count > 0; --count, bound *= factor) bounds.push_back(bound);
  return bounds;
}

}  // namespace gantry::metrics
