#pragma once

#include "apis/machinery/base/metrics.h"

// Metrics of all controllers. Labels: `controller`, `name`, `resource` and `result` are small fixed
// sets. Each is registered with the process's registry at the first use.
namespace gantry::runtime {

struct RuntimeMetrics {
  prometheus::Family<prometheus::Counter>& reconciles;  // gantry_controller_reconcile_total
  prometheus::Family<prometheus::Counter>& errors;      // gantry_controller_reconcile_errors_total
  prometheus::Family<prometheus::Histogram>&
      duration;                                      // gantry_controller_reconcile_duration_seconds
  prometheus::Family<prometheus::Gauge>& active;     // gantry_controller_active_workers
  prometheus::Family<prometheus::Counter>& relists;  // gantry_controller_informer_relists_total
  prometheus::Family<prometheus::Counter>& events;   // gantry_controller_events_total
};
RuntimeMetrics& Metrics();

// Work queues, under the names of Kubernetes' controllers.
struct QueueFamilies {
  prometheus::Family<prometheus::Counter>& adds;
  prometheus::Family<prometheus::Counter>& retries;
  prometheus::Family<prometheus::Histogram>& waited;
  prometheus::Family<prometheus::Histogram>& worked;
  metrics::Collected depth;
  metrics::Collected unfinished;
  metrics::Collected longest;
};
QueueFamilies& QueueMetrics();

struct LeaderMetrics {
  prometheus::Family<prometheus::Gauge>& status;
};
LeaderMetrics& ElectionMetrics();

// Declares all of them.
void DeclareMetrics();

}  // namespace gantry::runtime
