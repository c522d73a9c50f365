#include <algorithm>
#include <memory>

#include "apiserver/filters/filters.h"
#include "apiserver/filters/gate.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

// Holds a place of a gate.
class Place {
 public:
  explicit Place(Gate* gate) : gate_(gate) {}
  ~Place() { gate_->Leave(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Gate* const gate_;
};

Task<Response> Bounded(Request& request, const Handler& next, Gate* gate, Duration wait) {
  bool entered = gate->TryEnter();
  if (!entered) {
    MonoTime until = Clock::Real()->Mono() + std::chrono::duration_cast<MonoTime::duration>(wait);
    if (const auto deadline = request.ctx.deadline()) until = std::min(until, *deadline);
    entered = co_await Callback<bool>(
        [gate, until](std::function<void(bool)> done) { gate->Enter(until, std::move(done)); });
  }
  if (!entered) {
    ErrorDetails details;
    details.retry_after_seconds = 1;
    co_return ErrorResponse(Error(Code::kTooManyRequests,
                                  "too many requests are being served, try again later", details));
  }
  request.trace.Mark("place", Clock::Real()->Mono());
  const Place place(gate);
  // Its client may have left the line.
  if (const Status gone = request.ctx.Check(); !gone.ok()) co_return ErrorResponse(gone.error());
  co_return co_await next(request);
}

bool Mutates(const RequestInfo& info) {
  return info.verb == "create" || info.verb == "update" || info.verb == "patch" ||
         info.verb == "delete" || info.verb == "deletecollection";
}

}  // namespace

Handler WithMaxInFlight(Handler next, InFlightLimits limits) {
  auto read = std::make_shared<Gate>("readOnly", limits.read, limits.queued);
  auto mutating = std::make_shared<Gate>("mutating", limits.mutating, limits.queued);
  return [next = std::move(next), read, mutating, wait = limits.wait](Request& request) {
    // What this process asks of itself must not starve behind its clients.
    if (request.in_process || IsLongRunning(request.info)) return next(request);
    // Who looks why the line is long must not stand in it.
    if (IsAboutServer(request.path)) return next(request);
    return Bounded(request, next, Mutates(request.info) ? mutating.get() : read.get(), wait);
  };
}

}  // namespace gantry::apiserver
