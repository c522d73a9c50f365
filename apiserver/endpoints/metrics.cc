#include "apiserver/endpoints/metrics.h"

namespace gantry::apiserver {
namespace {

using metrics::Collected;

struct WatchFamilies {
  prometheus::Family<prometheus::Counter>& events = metrics::DeclareCounter(
      "apiserver_watch_events_total", "Events that were sent to watchers, without bookmarks",
      {"group", "version", "kind"});
  prometheus::Family<prometheus::Histogram>& sizes = metrics::DeclareHistogram(
      "apiserver_watch_events_sizes", "Bytes of the events that were sent to watchers",
      {"group", "version", "kind"});
};

WatchFamilies& Watches() {
  static WatchFamilies* const families = new WatchFamilies;
  return *families;
}

struct CacheFamilies {
  Collected objects{"apiserver_resource_objects",
                    metrics::Kind::kGauge,
                    "Objects of a resource",
                    {"group", "resource"}};
  // The name until Kubernetes 1.33, which dashboards still use.
  Collected storage_objects{"apiserver_storage_objects",
                            metrics::Kind::kGauge,
                            "Objects of a resource, named `resource.group`; the older name of "
                            "apiserver_resource_objects",
                            {"resource"}};
  Collected revision{"apiserver_watch_cache_resource_version",
                     metrics::Kind::kGauge,
                     "The resourceVersion up to which this server's caches have everything",
                     {}};
  Collected ring_events{"gantry_apiserver_watch_cache_events",
                        metrics::Kind::kGauge,
                        "Recent events of a resource that watches can begin at",
                        {"group", "resource"}};
  Collected queued{"gantry_store_queued_writes", metrics::Kind::kGauge,
                   "Writes that wait for the store's committer"};
  Collected horizon{"gantry_store_compacted_revision", metrics::Kind::kGauge,
                    "The revision up to which the store has forgotten what was superseded"};
  Collected ring_bytes{"gantry_apiserver_watch_cache_bytes",
                       metrics::Kind::kGauge,
                       "Bytes of the documents of those events",
                       {"group", "resource"}};
};

const CacheFamilies& Caches() {
  static const auto* const families = new CacheFamilies;
  return *families;
}

}  // namespace

WatchSeries WatchSeriesOf(const Target& target) {
  const GroupVersionKind gvk = target.gvk();
  const std::map<std::string, std::string> labels = {
      {"group", gvk.group}, {"version", gvk.version}, {"kind", gvk.kind}};
  return {&Watches().events.Add(labels),
          &Watches().sizes.Add(labels, metrics::ExponentialBuckets(1024, 2, 8))};
}

std::shared_ptr<void> CollectCacheMetrics(const CacheSet* caches, const KindRegistry* kinds,
                                          const store::Store* store) {
  DeclareEndpointMetrics();
  return metrics::AddCollector([caches, kinds, store](std::vector<prometheus::MetricFamily>* out) {
    std::vector<Collected::Sample> objects, storage_objects, ring_events, ring_bytes;
    const auto set = kinds->Snapshot();
    for (const auto& [resource, kind] : set->kinds) {
      if (kind->def().strategy.virtual_only) continue;
      const ResourceCache::Window window = kind->cache->Look();
      objects.push_back({{resource.group, resource.resource}, static_cast<double>(window.objects)});
      storage_objects.push_back({{resource.ToString()}, static_cast<double>(window.objects)});
      if (window.events == 0) continue;
      ring_events.push_back(
          {{resource.group, resource.resource}, static_cast<double>(window.events)});
      ring_bytes.push_back(
          {{resource.group, resource.resource}, static_cast<double>(window.bytes)});
    }
    const CacheFamilies& families = Caches();
    families.objects.AppendTo(out, objects);
    families.storage_objects.AppendTo(out, storage_objects);
    families.ring_events.AppendTo(out, ring_events);
    families.ring_bytes.AppendTo(out, ring_bytes);
    families.revision.AppendTo(out, {{{}, static_cast<double>(caches->revision())}});
    families.queued.AppendTo(out, {{{}, static_cast<double>(store->queued())}});
    families.horizon.AppendTo(out, {{{}, static_cast<double>(store->horizon())}});
  });
}

void DeclareEndpointMetrics() {
  Watches();
  Caches();
}

}  // namespace gantry::apiserver
