#include <atomic>
#include <memory>

#include "apis/machinery/base/metrics.h"
#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

// Requests of one sort that are being served.
struct Pool {
  Pool(const char* kind, int limit) : limit(limit) {
    static auto& family = prometheus::BuildGauge()
                              .Name("apiserver_current_inflight_requests")
                              .Help("Requests being served now.")
                              .Register(metrics::Registry());
    gauge = &family.Add({{"request_kind", kind}});
  }
  const int limit;
  std::atomic<int> now{0};
  prometheus::Gauge* gauge;
};

// Holds a place in a pool.
class Place {
 public:
  explicit Place(Pool* pool) : pool_(pool), got_(pool->now.fetch_add(1) < pool->limit) {
    if (got_) pool_->gauge->Increment();
  }
  ~Place() {
    pool_->now.fetch_sub(1);
    if (got_) pool_->gauge->Decrement();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  bool got() const { return got_; }

 private:
  Pool* const pool_;
  const bool got_;
};

Task<Response> Bounded(Request& request, const Handler& next, Pool* pool) {
  const Place place(pool);
  if (!place.got()) {
    ErrorDetails details;
    details.retry_after_seconds = 1;
    co_return ErrorResponse(Error(Code::kTooManyRequests,
                                  "too many requests are being served, try again later", details));
  }
  co_return co_await next(request);
}

bool Mutates(const RequestInfo& info) {
  return info.verb == "create" || info.verb == "update" || info.verb == "patch" ||
         info.verb == "delete" || info.verb == "deletecollection";
}

}  // namespace

Handler WithMaxInFlight(Handler next, InFlightLimits limits) {
  auto read = std::make_shared<Pool>("readOnly", limits.read);
  auto mutating = std::make_shared<Pool>("mutating", limits.mutating);
  return [next = std::move(next), read, mutating](Request& request) {
    // What this process asks of itself must not starve behind its clients.
    if (request.in_process || IsLongRunning(request.info)) return next(request);
    return Bounded(request, next, Mutates(request.info) ? mutating.get() : read.get());
  };
}

}  // namespace gantry::apiserver
