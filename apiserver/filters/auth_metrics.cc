#include "apiserver/filters/metrics.h"

namespace gantry::apiserver {

AuthMetrics& AuthMetrics::Get() {
  static auto& authentication =
      metrics::DeclareCounter("authentication_attempts",
                              "Requests over connections whose credentials were looked at: "
                              "success or failure (nobody's, or unknown ones)",
                              {"result"});
  static auto& authorization = metrics::DeclareCounter(
      "authorization_attempts_total", "Requests that were judged: allowed or denied", {"result"});
  static auto* const all = new AuthMetrics{
      authentication.Add({{"result", "success"}}), authentication.Add({{"result", "failure"}}),
      authorization.Add({{"result", "allowed"}}), authorization.Add({{"result", "denied"}})};
  return *all;
}

GateMetrics GateGauges(const char* kind) {
  static auto& serving = metrics::DeclareGauge("apiserver_current_inflight_requests",
                                               "Requests that are being served now, without "
                                               "long-running ones: readOnly or mutating",
                                               {"request_kind"});
  static auto& waiting = metrics::DeclareGauge("apiserver_current_inqueue_requests",
                                               "Requests that wait in line to be served: readOnly "
                                               "or mutating",
                                               {"request_kind"});
  return {&serving.Add({{"request_kind", kind}}), &waiting.Add({{"request_kind", kind}})};
}

}  // namespace gantry::apiserver
