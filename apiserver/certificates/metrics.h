#pragma once

#include "apis/machinery/base/metrics.h"

namespace gantry::apiserver {

struct SignerMetrics {
  prometheus::Counter& issued;
  prometheus::Counter& refused;

  static SignerMetrics& Get();
};

}  // namespace gantry::apiserver
