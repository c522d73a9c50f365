#pragma once

#include "apis/machinery/base/metrics.h"

// Metrics of the listener. The first use declares them.
namespace gantry::apiserver {

prometheus::Counter& HandshakeErrors();

}  // namespace gantry::apiserver
