#include "controllers/runtime/metrics.h"

namespace gantry::runtime {

RuntimeMetrics& Metrics() {
  using metrics::DeclareCounter;
  using metrics::DeclareGauge;
  using metrics::DeclareHistogram;
  static auto* const all = new RuntimeMetrics{
      DeclareCounter("gantry_controller_reconcile_total",
                     "Reconciles by result: done, requeue, requeue_after, error, terminal_error",
                     {"controller", "result"}),
      DeclareCounter("gantry_controller_reconcile_errors_total", "Reconciles that failed",
                     {"controller"}),
      DeclareHistogram("gantry_controller_reconcile_duration_seconds",
                       "Time that a reconcile took, in seconds", {"controller"}),
      DeclareGauge("gantry_controller_active_workers", "Reconciles that are running",
                   {"controller"}),
      DeclareCounter("gantry_controller_informer_relists_total",
                     "Lists that became necessary because a watch expired", {"resource"}),
      DeclareCounter("gantry_controller_events_total",
                     "Events by result: created, updated, dropped, failed", {"result"}),
  };
  return *all;
}

QueueFamilies& QueueMetrics() {
  using metrics::DeclareCounter;
  using metrics::DeclareHistogram;
  using metrics::Kind;
  static auto* const all = new QueueFamilies{
      DeclareCounter("workqueue_adds_total", "Keys that were put into the queue", {"name"}),
      DeclareCounter("workqueue_retries_total",
                     "Keys that were put back after a failure, to be tried again later", {"name"}),
      DeclareHistogram("workqueue_queue_duration_seconds",
                       "Time that a key waited in the queue for a worker, in seconds", {"name"}),
      DeclareHistogram("workqueue_work_duration_seconds",
                       "Time that the work on a key took, in seconds", {"name"}),
      {"workqueue_depth", Kind::kGauge, "Keys that wait for a worker now", {"name"}},
      {"workqueue_unfinished_work_seconds",
       Kind::kGauge,
       "Seconds that the work on the keys which are being worked on has taken so far, summed up",
       {"name"}},
      {"workqueue_longest_running_processor_seconds",
       Kind::kGauge,
       "Seconds that the oldest work which is not done has taken so far",
       {"name"}},
  };
  return *all;
}

LeaderMetrics& ElectionMetrics() {
  static auto* const all = new LeaderMetrics{metrics::DeclareGauge(
      "leader_election_master_status",
      "1: this process holds the Lease `name`; 0: another one does", {"name"})};
  return *all;
}

void DeclareMetrics() {
  Metrics();
  QueueMetrics();
  ElectionMetrics();
}

}  // namespace gantry::runtime
