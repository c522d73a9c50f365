#include "apis/machinery/base/metrics.h"

#include <unordered_map>

#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

struct Families {
  prometheus::Family<prometheus::Counter>& total =
      prometheus::BuildCounter()
          .Name("apiserver_request_total")
          .Help("Requests by verb, resource and HTTP code.")
          .Register(metrics::Registry());
  prometheus::Family<prometheus::Histogram>& duration =
      prometheus::BuildHistogram()
          .Name("apiserver_request_duration_seconds")
          .Help("Time to the answer, or to the first byte of a stream, by verb and resource.")
          .Register(metrics::Registry());
};

struct Series {
  prometheus::Counter* total;
  prometheus::Histogram* duration;
};

std::string UpperCase(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  }
  return text;
}

// Looking a series up in a family takes a lock and builds a map of labels; each thread keeps what it
// has found. What clients make up (a resource that is not served) is counted without its name.
const Series& SeriesFor(const RequestInfo& info, int code) {
  static Families* const families = new Families;
  thread_local std::unordered_map<std::string, Series> known;
  const bool unknown = code == 404 && info.is_resource && info.name.empty();
  std::string key = info.verb + '\0' + std::to_string(code);
  if (!unknown) key += '\0' + info.group + '\0' + info.version + '\0' + info.resource + '\0' + info.subresource;
  const auto it = known.find(key);
  if (it != known.end()) return it->second;
  std::map<std::string, std::string> labels = {{"verb", UpperCase(info.verb)}};
  if (!unknown) {
    labels.insert({{"group", info.group}, {"version", info.version},
                   {"resource", info.resource}, {"subresource", info.subresource}});
  }
  prometheus::Histogram& duration = families->duration.Add(labels, metrics::DurationBuckets());
  labels["code"] = std::to_string(code);
  prometheus::Counter& total = families->total.Add(labels);
  return known.emplace(std::move(key), Series{&total, &duration}).first->second;
}

Task<Response> Counted(Request& request, const Handler& next, Clock* clock) {
  const MonoTime begin = clock->Mono();
  Response response = co_await next(request);
  const Series& series = SeriesFor(request.info, response.status);
  series.total->Increment();
  series.duration->Observe(std::chrono::duration<double>(clock->Mono() - begin).count());
  co_return response;
}

}  // namespace

Handler WithMetrics(Handler next, Clock* clock) {
  return [next = std::move(next), clock](Request& request) {
    return Counted(request, next, clock);
  };
}

}  // namespace gantry::apiserver
