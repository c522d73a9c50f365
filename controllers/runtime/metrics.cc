#include "controllers/runtime/metrics.h"

namespace gantry::runtime {

RuntimeMetrics& Metrics() {
  using prometheus::BuildCounter;
  using prometheus::BuildGauge;
  using prometheus::BuildHistogram;
  prometheus::Registry& r = metrics::Registry();
  static auto* const all = new RuntimeMetrics{
      BuildCounter()
          .Name("gantry_controller_reconcile_total")
          .Help("Reconciles by result: done, requeue, requeue_after, error, terminal_error")
          .Register(r),
      BuildCounter()
          .Name("gantry_controller_reconcile_errors_total")
          .Help("Reconciles that failed")
          .Register(r),
      BuildHistogram()
          .Name("gantry_controller_reconcile_duration_seconds")
          .Help("Time that a reconcile took")
          .Register(r),
      BuildGauge()
          .Name("gantry_controller_active_workers")
          .Help("Reconciles that are running")
          .Register(r),
      BuildGauge()
          .Name("gantry_controller_queue_depth")
          .Help("Keys that wait for a worker")
          .Register(r),
      BuildCounter()
          .Name("gantry_controller_informer_relists_total")
          .Help("Lists that became necessary because a watch expired")
          .Register(r),
      BuildCounter()
          .Name("gantry_controller_events_total")
          .Help("Events by result: created, updated, dropped, failed")
          .Register(r),
  };
  return *all;
}

}  // namespace gantry::runtime
