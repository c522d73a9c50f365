#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace gantry::metrics {

// What /proc knows of this process, under the names that all Prometheus clients use.
void AppendProcessMetrics(std::vector<prometheus::MetricFamily>* out);

}  // namespace gantry::metrics
