#pragma once

#include <string>

#include "apis/machinery/base/clock.h"

// Metrics of the API client, under client-go's names.
namespace gantry::client {

// `status` 0: the server was not reached.
void CountRequest(const std::string& host, const std::string& method, int status, Duration took);
void DeclareMetrics();

}  // namespace gantry::client
