#include "apiserver/server/debug_sections.h"

#include <algorithm>
#include <cmath>

#include "apiserver/filters/metrics.h"

namespace gantry::apiserver {
namespace {

// To the millisecond.
double Seconds(Duration d) {
  return std::round(std::chrono::duration<double, std::milli>(d).count()) / 1000;
}

Json Row(const RunningRequests::Shown& request) {
  return {{"id", request.id},     {"user", request.user},
          {"from", request.from}, {"verb", request.info.verb},
          {"uri", request.uri},   {"ageSeconds", Seconds(request.age)}};
}

Json LimitRow(const char* kind, int places, int line) {
  const GateMetrics gauges = GateMetrics::Of(kind);
  return {{"kind", kind},
          {"places", places},
          {"serving", gauges.serving->Value()},
          {"line", line},
          {"waiting", gauges.waiting->Value()}};
}

}  // namespace

Json DescribeRequests(const RunningRequests& running, size_t limit) {
  const auto report = running.Oldest(RunningRequests::Sort::kShort, limit, Clock::Real()->Mono());
  Json rows = Json::array();
  for (const auto& request : report.oldest) rows.push_back(Row(request));
  return {{"total", report.total}, {"oldest", std::move(rows)}};
}

Json DescribeStreams(const RunningRequests& running, size_t limit) {
  const auto report =
      running.Oldest(RunningRequests::Sort::kLongRunning, limit, Clock::Real()->Mono());
  Json watches = Json::array();
  Json others = Json::array();
  for (const auto& request : report.oldest) {
    Json row = Row(request);
    row["bytes"] = request.bytes;
    if (!request.watch) {
      others.push_back(std::move(row));
      continue;
    }
    row.erase("uri");
    row.erase("verb");
    const WatchReport::Numbers numbers = request.watch->Read();
    row["resource"] = GroupResource{request.info.group, request.info.resource}.ToString();
    row["namespace"] = request.info.ns;
    row["selector"] = request.selector;
    row["revision"] = numbers.revision;
    row["lag"] = std::max<int64_t>(0, numbers.newest - numbers.revision);
    row["events"] = numbers.sent;
    row["waitingEvents"] = numbers.waiting;
    row["waitingBytes"] = numbers.waiting_bytes;
    watches.push_back(std::move(row));
  }
  return {{"total", report.total}, {"watches", std::move(watches)}, {"others", std::move(others)}};
}

Json DescribeLimits(const InFlightLimits& limits) {
  return {{"waitSeconds", Seconds(limits.wait)},
          {"limits",
           {LimitRow("readOnly", limits.read, limits.queued),
            LimitRow("mutating", limits.mutating, limits.queued)}}};
}

Json DescribeStore(const store::Store& store, const CacheSet& caches, size_t limit) {
  struct Cache {
    GroupResource resource;
    ResourceCache::Window window;
  };
  std::vector<Cache> all;
  size_t objects = 0;
  for (const auto& [resource, cache] : caches.All()) {
    all.push_back({resource, cache->Look()});
    objects += all.back().window.objects;
  }
  std::stable_sort(all.begin(), all.end(), [](const Cache& a, const Cache& b) {
    return a.window.objects > b.window.objects;
  });
  Json rows = Json::array();
  for (const Cache& cache : all) {
    if (rows.size() >= limit) break;
    rows.push_back({{"resource", cache.resource.ToString()},
                    {"objects", cache.window.objects},
                    {"watchesFrom", cache.window.first},
                    {"lastEvent", cache.window.last},
                    {"events", cache.window.events},
                    {"eventBytes", cache.window.bytes},
                    {"idleWatchers", cache.window.waiting}});
  }
  const Status health = store.Health();
  return {{"health", health.ok() ? "ok" : health.error().message},
          {"queuedWrites", store.queued()},
          {"revision", store.current_revision()},
          {"compactedUpTo", store.horizon()},
          {"cacheRevision", caches.revision()},
          {"resources", all.size()},
          {"objects", objects},
          {"caches", std::move(rows)}};
}

Json DescribeConnections(const ConnectionsReport& report) {
  Json rows = Json::array();
  for (const ConnectionStats::Shown& c : report.busiest) {
    rows.push_back({{"peer", c.peer},
                    {"user", c.user},
                    {"protocol", c.protocol},
                    {"state", StateName(c.state)},
                    {"ageSeconds", Seconds(c.age)},
                    {"requests", c.requests},
                    {"receivedBytes", c.received},
                    {"sentBytes", c.sent}});
  }
  return {{"total", report.total}, {"busiest", std::move(rows)}};
}

}  // namespace gantry::apiserver
