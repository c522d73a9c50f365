#pragma once

#include "apis/machinery/base/metrics.h"

// Metrics of all controllers. Labels: `controller`, `resource` and `result` are small fixed sets.
namespace gantry::runtime {

struct RuntimeMetrics {
  prometheus::Family<prometheus::Counter>& reconciles;  // gantry_controller_reconcile_total
  prometheus::Family<prometheus::Counter>& errors;      // gantry_controller_reconcile_errors_total
  prometheus::Family<prometheus::Histogram>&
      duration;                                   // gantry_controller_reconcile_duration_seconds
  prometheus::Family<prometheus::Gauge>& active;  // gantry_controller_active_workers
  prometheus::Family<prometheus::Gauge>& queue_depth;  // gantry_controller_queue_depth
  prometheus::Family<prometheus::Counter>& relists;    // gantry_controller_informer_relists_total
  prometheus::Family<prometheus::Counter>& events;     // gantry_controller_events_total
};

// Registered with the process's registry at the first use.
RuntimeMetrics& Metrics();

}  // namespace gantry::runtime
