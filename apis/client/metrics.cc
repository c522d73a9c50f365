#include "apis/client/metrics.h"

#include "apis/machinery/base/metrics.h"

namespace gantry::client {
namespace {

struct Families {
  prometheus::Family<prometheus::Counter>& total = metrics::DeclareCounter(
      "rest_client_requests_total",
      "Requests to an API server by status code, or <error> when it was not reached",
      {"code", "method", "host"});
  prometheus::Family<prometheus::Histogram>& duration = metrics::DeclareHistogram(
      "rest_client_request_duration_seconds", "Time to the answer of an API server, in seconds",
      {"verb", "host"});
};

Families& All() {
  static Families* const families = new Families;
  return *families;
}

}  // namespace

void CountRequest(const std::string& host, const std::string& method, int status, Duration took) {
  All()
      .total
      .Add({{"code", status == 0 ? "<error>" : std::to_string(status)},
            {"method", method},
            {"host", host}})
      .Increment();
  All()
      .duration.Add({{"verb", method}, {"host", host}}, metrics::DurationBuckets())
      .Observe(std::chrono::duration<double>(took).count());
}

void DeclareMetrics() { All(); }

}  // namespace gantry::client
