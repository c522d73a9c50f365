#pragma once

#include "apis/machinery/base/metrics.h"
#include "apiserver/registry/kind.h"
#include "apiserver/storage/cache_set.h"

// Metrics of watches and of what is stored.
namespace gantry::apiserver {

struct WatchSeries {
  prometheus::Counter* events;
  prometheus::Histogram* sizes;
};
// Of the watches of a kind in one version.
WatchSeries WatchSeriesOf(const Target& target);

// How many objects each cache has, how far it is, and what waits for the store, when metrics are
// asked for; as long as the guard lives. The arguments outlive it.
[[nodiscard]] std::shared_ptr<void> CollectCacheMetrics(const CacheSet* caches,
                                                        const KindRegistry* kinds,
                                                        const store::Store* store);

// Declares all of them.
void DeclareEndpointMetrics();

}  // namespace gantry::apiserver
