#include <fmt/format.h>

#include "apis/machinery/base/log.h"
#include "apiserver/filters/filters.h"
#include "apiserver/http/line_budget.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kLongestAgent = 128;

double Milliseconds(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

void Write(log::Level level, const char* message, const Request& request, int status, Duration took,
           const std::string& steps = "") {
  if (!log::Enabled(level)) return;
  std::string time = fmt::format("{:.3f}ms", Milliseconds(took));
  if (!steps.empty()) time += " (" + steps + ")";
  log::Write(
      level, message,
      {{"id", request.id},
       {"user", request.impersonator ? request.impersonator->name + " as " + request.user.name
                                     : request.user.name},
       {"from", request.remote},
       {"verb", request.info.verb},
       {"uri", LoggableUri(request)},
       {"code", status},
       {"took", time},
       {"agent", request.headers.Get("User-Agent").substr(0, kLongestAgent)}});
}

// `authentication 0.1ms, place 950.2ms, ...`: how long each step took.
std::string Steps(const Request& request, MonoTime begin, MonoTime end) {
  std::string text;
  for (const RequestTrace::Step& step : request.trace) {
    fmt::format_to(std::back_inserter(text), "{} {:.1f}ms, ", step.what,
                   Milliseconds(step.done - begin));
    begin = step.done;
  }
  return text + fmt::format("the rest {:.1f}ms", Milliseconds(end - begin));
}

Task<Response> Logged(Request& request, const Handler& next, Clock* clock, Duration slow,
                      LineBudget* budget) {
  const MonoTime begin = clock->Mono();
  Response response = co_await next(request);
  const MonoTime end = clock->Mono();
  const Duration took = end - begin;
  const int status = response.status;
  if (took >= slow && !IsLongRunning(request.info)) {
    if (budget->Take(end)) {
      Write(log::Level::kWarn, "slow request", request, status, took, Steps(request, begin, end));
    }
  } else if (status >= 500) {
    if (budget->Take(end)) Write(log::Level::kWarn, "request failed", request, status, took);
  } else if (status >= 400 && !request.in_process) {
    if (budget->Take(end)) Write(log::Level::kInfo, "request refused", request, status, took);
  } else {
    Write(log::Level::kDebug, "request", request, status, took);
  }
  co_return response;
}

}  // namespace

Handler WithRequestLog(Handler next, Clock* clock, Duration slow) {
  auto budget = std::make_shared<LineBudget>();
  return [next = std::move(next), clock, slow, budget](Request& request) {
    return Logged(request, next, clock, slow, budget.get());
  };
}

}  // namespace gantry::apiserver
