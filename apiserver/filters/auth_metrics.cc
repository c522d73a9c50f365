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

GateMetrics GateMetrics::Of(const char* kind) {
  static auto& serving = metrics::DeclareGauge("apiserver_current_inflight_requests",
                                               "Requests that are being served now, without "
                                               "long-running ones: readOnly or mutating",
                                               {"request_kind"});
  static auto& waiting = metrics::DeclareGauge("apiserver_current_inqueue_requests",
                                               "Requests that wait in line to be served: readOnly "
                                               "or mutating",
                                               {"request_kind"});
  static auto& refused = metrics::DeclareCounter(
      "apiserver_rejected_requests_total",
      "Requests that were refused with 429: user-queue-full (the user's own line was full), "
      "queue-full (there was no room for more that wait), time-out",
      {"request_kind", "reason"});
  const auto reason = [&](const char* text) {
    return &refused.Add({{"request_kind", kind}, {"reason", text}});
  };
  return {&serving.Add({{"request_kind", kind}}), &waiting.Add({{"request_kind", kind}}),
          reason("user-queue-full"), reason("queue-full"), reason("time-out")};
}

}  // namespace gantry::apiserver
