#pragma once

#include "apis/machinery/base/metrics.h"
#include "apiserver/http/handler.h"

// Metrics of the filters; those of requests are in metrics.cc.
namespace gantry::apiserver {

struct AuthMetrics {
  prometheus::Counter& success;
  prometheus::Counter& failure;
  prometheus::Counter& allowed;
  prometheus::Counter& denied;

  static AuthMetrics& Get();
};

// Counts a request that was refused if a controller made it: a right that its role lacks.
void CountDeniedController(const Request& request);
// All that were counted.
double DeniedControllers();

struct GateMetrics {
  prometheus::Gauge* serving;
  prometheus::Gauge* waiting;
  prometheus::Counter* line_full;
  prometheus::Counter* all_full;
  prometheus::Counter* too_long;

  // `kind`: readOnly or mutating.
  static GateMetrics Of(const char* kind);
};

// Declares all metrics of the filters.
void DeclareFilterMetrics();

}  // namespace gantry::apiserver
