#pragma once

#include "apiserver/core/api_core.h"
#include "apiserver/filters/filters.h"
#include "apiserver/filters/running.h"
#include "apiserver/http/connection_stats.h"

// The API server's own sections of the debug page.
namespace gantry::apiserver {

// Requests that are being served, the oldest first.
Json DescribeRequests(const RunningRequests& running, size_t limit);
// Watches, logs, exec and attach, the oldest first.
Json DescribeStreams(const RunningRequests& running, size_t limit);
// The in-flight limits and who waits.
Json DescribeLimits(const InFlightLimits& limits);
// The store, and the caches with the most objects and the history that watches can begin at.
Json DescribeStore(const store::Store& store, const CacheSet& caches, size_t limit);
Json DescribeConnections(const ConnectionsReport& report);

}  // namespace gantry::apiserver
