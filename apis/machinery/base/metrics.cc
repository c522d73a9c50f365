#include "apis/machinery/base/metrics.h"

#include <prometheus/text_serializer.h>

namespace gantry::metrics {

prometheus::Registry& Registry() {
  static prometheus::Registry* const registry = new prometheus::Registry;
  return *registry;
}

std::string Expose() { return prometheus::TextSerializer().Serialize(Registry().Collect()); }

const prometheus::Histogram::BucketBoundaries& DurationBuckets() {
  static const auto* const buckets = new prometheus::Histogram::BucketBoundaries{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return *buckets;
}

}  // namespace gantry::metrics
