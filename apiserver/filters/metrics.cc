#include "apis/machinery/base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

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

// The label of a verb; methods that clients make up share one.
std::string VerbLabel(const std::string& verb) {
  static constexpr std::string_view kKnown[] = {"get",    "list",  "watch",  "create",
                                                "update", "patch", "delete", "deletecollection",
                                                "post",   "put",   "head",   "options"};
  if (std::find(std::begin(kKnown), std::end(kKnown), verb) == std::end(kKnown)) return "OTHER";
  std::string label = verb;
  for (char& c : label) c = static_cast<char>(c & ~0x20);
  return label;
}

// The part of a series' key that names the resource.
std::string ResourceKey(const RequestInfo& info) {
  return fmt::format("{}\n{}\n{}\n{}", info.group, info.version, info.resource, info.subresource);
}

// Looking a series up in a family takes a lock and builds a map of labels; each thread keeps what
// it has found. A resource is named only once it was served: anyone can ask for what does not
// exist.
const Series& SeriesFor(const RequestInfo& info, int code) {
  static Families* const families = new Families;
  thread_local std::unordered_map<std::string, Series> known;
  thread_local std::unordered_set<std::string> served;
  const std::string resource = ResourceKey(info);
  if (code < 400) served.insert(resource);
  const bool name_it = served.contains(resource);
  const std::string verb = VerbLabel(info.verb);
  std::string key = fmt::format("{}\n{}\n{}", verb, code, name_it ? resource : "");
  const auto it = known.find(key);
  if (it != known.end()) return it->second;
  std::map<std::string, std::string> labels = {{"verb", verb}};
  if (name_it) {
    labels.insert({{"group", info.group},
                   {"version", info.version},
                   {"resource", info.resource},
                   {"subresource", info.subresource}});
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
  return
      [next = std::move(next), clock](Request& request) { return Counted(request, next, clock); };
}

}  // namespace gantry::apiserver
