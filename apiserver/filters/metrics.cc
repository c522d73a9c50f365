#include "apis/machinery/base/metrics.h"

#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "apis/machinery/base/mutex.h"
#include "apiserver/filters/filters.h"
#include "apiserver/filters/metrics.h"
#include "apiserver/filters/observed_body.h"

namespace gantry::apiserver {
namespace {

// Names are given to so many resources at most; those beyond share the series without a name. Kinds
// come and go, their series stay.
constexpr size_t kMaxNamed = 5000;

const std::vector<std::string> kResourceLabels = {"verb",        "group", "version",  "resource",
                                                  "subresource", "scope", "component"};

std::vector<std::string> With(std::vector<std::string> labels, const char* more) {
  labels.emplace_back(more);
  return labels;
}

struct Families {
  prometheus::Family<prometheus::Counter>& total = metrics::DeclareCounter(
      "apiserver_request_total", "Requests that were answered, by HTTP code",
      With(With(kResourceLabels, "dry_run"), "code"));
  prometheus::Family<prometheus::Histogram>& duration = metrics::DeclareHistogram(
      "apiserver_request_duration_seconds",
      "Time from the end of a request's header and body to its answer, or to the first byte of a "
      "stream, in seconds",
      With(kResourceLabels, "dry_run"));
  prometheus::Family<prometheus::Histogram>& sizes = metrics::DeclareHistogram(
      "apiserver_response_sizes", "Bytes of the answers to GET and LIST, before compression",
      kResourceLabels);
  prometheus::Family<prometheus::Gauge>& long_running =
      metrics::DeclareGauge("apiserver_longrunning_requests",
                            "Watches, logs, exec and attach that are open", kResourceLabels);
  prometheus::Family<prometheus::Counter>& terminations = metrics::DeclareCounter(
      "apiserver_request_terminations_total",
      "Requests that were refused with 429 because too many were being served",
      With(kResourceLabels, "code"));
};

Families& All() {
  static Families* const families = new Families;
  return *families;
}

// The series of one kind of request.
struct Series {
  std::map<std::string, std::string> labels;  // kResourceLabels
  // By dry run; null until there is something to count.
  prometheus::Histogram* duration[2] = {nullptr, nullptr};
  prometheus::Histogram* sizes = nullptr;     // of GET and LIST
  prometheus::Gauge* long_running = nullptr;  // of what may be open for long
  std::map<int, prometheus::Counter*> totals[2];
};

bool IsApply(const Request& request) {
  return request.headers.Get("Content-Type").starts_with("application/apply-patch");
}

// Kubernetes' label of a verb; methods that clients make up share one.
std::string_view VerbLabel(const Request& request) {
  static const auto* const labels = new std::unordered_map<std::string_view, std::string_view>{
      {"get", "GET"},       {"list", "LIST"},  {"watch", "WATCH"},
      {"create", "POST"},   {"update", "PUT"}, {"patch", "PATCH"},
      {"delete", "DELETE"}, {"post", "POST"},  {"deletecollection", "DELETECOLLECTION"},
      {"put", "PUT"},       {"head", "GET"},   {"options", "OPTIONS"}};
  const RequestInfo& info = request.info;
  if (info.subresource == "exec" || info.subresource == "attach") return "CONNECT";
  if (info.verb == "patch" && IsApply(request)) return "APPLY";
  const auto it = labels->find(info.verb);
  return it == labels->end() ? "other" : it->second;
}

std::string_view ScopeLabel(const RequestInfo& info) {
  if (!info.is_resource) return "";
  if (!info.name.empty() || info.verb == "create") return "resource";
  return info.ns.empty() ? "cluster" : "namespace";
}

// Paths that are no resources have a name of their own when they are among the known ones.
std::string_view PathLabel(const std::string& path) {
  static constexpr std::string_view kKnown[] = {"/openapi/v2", "/openapi/v3", "/healthz", "/livez",
                                                "/readyz",     "/metrics",    "/version", "/debug",
                                                "/apis",       "/api",        "/backup"};
  for (const std::string_view known : kKnown) {
    if (path.starts_with(known) && (path.size() == known.size() || path[known.size()] == '/'))
      return known;
  }
  return "";
}

bool MayBeNamed(const RequestInfo& info) {
  static Mutex* const mu = new Mutex;
  static auto* const named = new std::set<std::array<std::string, 4>>;
  MutexLock lock(mu);
  std::array<std::string, 4> id = {info.group, info.version, info.resource, info.subresource};
  if (named->contains(id)) return true;
  if (named->size() >= kMaxNamed) return false;
  named->insert(std::move(id));
  return true;
}

Series MakeSeries(const Request& request, bool named) {
  const RequestInfo& info = request.info;
  Series series;
  series.labels = {{"verb", std::string(VerbLabel(request))},
                   {"group", named ? info.group : ""},
                   {"version", named ? info.version : ""},
                   {"resource", named ? info.resource : ""},
                   {"subresource", named ? info.subresource : std::string(PathLabel(request.path))},
                   {"scope", std::string(ScopeLabel(info))},
                   {"component", "apiserver"}};
  const std::string& verb = series.labels["verb"];
  if (verb == "GET" || verb == "LIST") {
    series.sizes = &All().sizes.Add(series.labels, metrics::ExponentialBuckets(1000, 10, 7));
  }
  if (IsLongRunning(info)) series.long_running = &All().long_running.Add(series.labels);
  return series;
}

// Looking a series up in a family takes a lock and builds a map of labels; each thread keeps what
// it has found. A resource is named only when it is served: anyone can ask for what does not exist.
Series& SeriesFor(const Request& request, const ServedPredicate& served) {
  thread_local std::unordered_map<std::string, Series> known;
  thread_local std::string key;
  const RequestInfo& info = request.info;
  const auto set_key = [&](bool named) {
    key.assign(VerbLabel(request)).push_back('\n');
    key.append(ScopeLabel(info)).push_back('\n');
    if (!named) {
      key.append(PathLabel(request.path));
      return;
    }
    for (const std::string* part : {&info.group, &info.version, &info.resource, &info.subresource})
      key.append(*part).push_back('\n');
  };
  bool named = info.is_resource;
  set_key(named);
  auto it = known.find(key);
  if (it == known.end() && named && !(served && served(info) && MayBeNamed(info))) {
    named = false;
    set_key(named);
    it = known.find(key);
  }
  if (it != known.end()) return it->second;
  return known.emplace(key, MakeSeries(request, named)).first->second;
}

void Count(Series* series, bool dry_run, int code, double seconds) {
  auto labels_with = [&](const char* name, std::string value) {
    auto labels = series->labels;
    labels[name] = std::move(value);
    return labels;
  };
  const char* const dry = dry_run ? "All" : "";
  if (series->duration[dry_run] == nullptr) {
    series->duration[dry_run] =
        &All().duration.Add(labels_with("dry_run", dry), metrics::DurationBuckets());
  }
  prometheus::Counter*& total = series->totals[dry_run][code];
  if (total == nullptr) {
    auto labels = labels_with("code", std::to_string(code));
    labels["dry_run"] = dry;
    total = &All().total.Add(labels);
  }
  total->Increment();
  series->duration[dry_run]->Observe(seconds);
  if (code == 429) All().terminations.Add(labels_with("code", "429")).Increment();
}

Task<Response> Counted(Request& request, const Handler& next, Clock* clock,
                       const ServedPredicate& served) {
  const MonoTime begin = clock->Mono();
  Response response = co_await next(request);
  const std::chrono::duration<double> took = clock->Mono() - begin;
  // On the thread that got the answer, whose series these are.
  Series& series = SeriesFor(request, served);
  Count(&series, request.query.Get("dryRun") == "All", response.status, took.count());
  const bool long_running =
      series.long_running != nullptr && (response.stream || response.websocket);
  if (long_running) {
    series.long_running->Increment();
    ObserveBody(&response, [gauge = series.long_running](size_t) { gauge->Decrement(); });
  } else if (series.sizes != nullptr && response.stream) {
    ObserveBody(&response, [sizes = series.sizes](size_t bytes) {
      sizes->Observe(static_cast<double>(bytes));
    });
  } else if (series.sizes != nullptr) {
    const std::string& body = response.shared_body ? *response.shared_body : response.body;
    series.sizes->Observe(static_cast<double>(body.size()));
  }
  co_return response;
}

}  // namespace

void DeclareFilterMetrics() {
  All();
  AuthMetrics::Get();
  GateMetrics::Of("readOnly");
}

Handler WithMetrics(Handler next, Clock* clock, ServedPredicate served) {
  return [next = std::move(next), clock, served = std::move(served)](Request& request) {
    return Counted(request, next, clock, served);
  };
}

}  // namespace gantry::apiserver
