#include "apiserver/filters/metrics.h"

#include <algorithm>
#include <atomic>

#include "apis/machinery/base/log.h"

namespace gantry::apiserver {
namespace {

constexpr char kControllers[] = "system:gantry:controllers";
std::atomic<uint64_t> denied_controllers{0};

prometheus::Family<prometheus::Counter>& DeniedFamily() {
  static auto& family = metrics::DeclareCounter(
      "gantry_apiserver_denied_controllers_total",
      "Requests of controllers that their roles do not allow, by user; `apart`: of controllers in "
      "processes of their own",
      {"user"});
  return family;
}

}  // namespace

void CountDeniedController(const Request& request) {
  const std::vector<std::string>& groups = request.user.groups;
  if (std::find(groups.begin(), groups.end(), kControllers) == groups.end()) return;
  ++denied_controllers;
  DeniedFamily().Add({{"user", request.in_process ? request.user.name : "apart"}}).Increment();
  LOG_WARN("a controller was refused", {"user", request.user.name}, {"verb", request.info.verb},
           {"path", request.path});
}

double DeniedControllers() { return static_cast<double>(denied_controllers.load()); }

AuthMetrics& AuthMetrics::Get() {
  DeniedFamily();
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
