#include "apiserver/filters/running.h"

#include <optional>

#include "apiserver/filters/filters.h"
#include "apiserver/filters/observed_body.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kLongestSelector = 256;

RunningRequests::Shown Show(const Request& request) {
  RunningRequests::Shown shown;
  shown.id = request.id;
  shown.user = request.user.name;
  shown.from = request.remote;
  shown.info = request.info;
  shown.uri = LoggableUri(request);
  for (const char* name : {"labelSelector", "fieldSelector"}) {
    const std::string text = request.query.Get(name);
    if (text.empty()) continue;
    if (!shown.selector.empty()) shown.selector += "; ";
    shown.selector += text.substr(0, kLongestSelector);
  }
  return shown;
}

// Leaves unless the stream takes over.
class Guard {
 public:
  Guard(RunningRequests* running, RunningRequests::Place place)
      : running_(running), place_(place) {}
  ~Guard() {
    if (place_) running_->Leave(*place_);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  RunningRequests::Place Release() { return *std::exchange(place_, std::nullopt); }

 private:
  RunningRequests* const running_;
  std::optional<RunningRequests::Place> place_;
};

Task<Response> Listed(Request& request, const Handler& next, Clock* clock,
                      RunningRequests* running) {
  request.trace.Mark("authentication", clock->Mono());
  Guard guard(running, running->Enter(request, clock->Mono()));
  Response response = co_await next(request);
  if (IsLongRunning(request.info) && (response.stream || response.websocket)) {
    const RunningRequests::Place place = guard.Release();
    const auto bytes = running->Detach(place, response.watch);
    ObserveBody(
        &response, [bytes](size_t n) { *bytes += n; },
        [running, place](size_t) { running->Leave(place); });
  }
  co_return response;
}

}  // namespace

RunningRequests::Place RunningRequests::Enter(const Request& request, MonoTime now) {
  const Sort sort = IsLongRunning(request.info) ? Sort::kLongRunning : Sort::kShort;
  MutexLock lock(&mu_);
  return records_.insert(records_.end(), {&request, sort, now, {}, nullptr});
}

void RunningRequests::Leave(Place place) {
  std::list<Record> gone;  // dies without the lock
  MutexLock lock(&mu_);
  gone.splice(gone.end(), records_, place);
}

std::shared_ptr<std::atomic<uint64_t>> RunningRequests::Detach(
    Place place, std::shared_ptr<const WatchReport> watch) {
  auto bytes = std::make_shared<std::atomic<uint64_t>>(0);
  MutexLock lock(&mu_);
  place->kept = Show(*place->request);
  place->kept.watch = std::move(watch);
  place->request = nullptr;
  place->bytes = bytes;
  return bytes;
}

RunningRequests::Report RunningRequests::Oldest(Sort sort, size_t limit, MonoTime now) const {
  Report report;
  MutexLock lock(&mu_);
  for (const Record& record : records_) {
    if (record.sort != sort || ++report.total > limit) continue;
    Shown shown = record.request != nullptr ? Show(*record.request) : record.kept;
    shown.age = now - record.began;
    if (record.bytes) shown.bytes = *record.bytes;
    report.oldest.push_back(std::move(shown));
  }
  return report;
}

Handler WithRunning(Handler next, Clock* clock, RunningRequests* running) {
  return [next = std::move(next), clock, running](Request& request) {
    return Listed(request, next, clock, running);
  };
}

}  // namespace gantry::apiserver
