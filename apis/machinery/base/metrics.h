#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

// Prometheus metrics, by prometheus-cpp. A module declares its families in one metrics.cc, named
// gantry_<module>_<what>_<unit|total>, or by Kubernetes' own name where the meaning is the same.
namespace gantry::metrics {

// The registry of this process. Lives for ever; thread-safe.
prometheus::Registry& Registry();
// All metrics in the text exposition format, version 0.0.4.
std::string Expose();
// Upper bounds in seconds for request and reconcile durations.
const prometheus::Histogram::BucketBoundaries& DurationBuckets();

}  // namespace gantry::metrics
