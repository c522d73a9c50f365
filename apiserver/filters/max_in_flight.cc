#include <algorithm>
#include <memory>

#include "apiserver/filters/filters.h"
#include "apiserver/filters/gate.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

// A body is parsed into many times its size, so a large one takes the place of several.
constexpr size_t kBodyOfASeat = 32 * 1024;
// A user's share of the places, while others are about, is one part of so many.
constexpr int kUsersAtOnce = 8;
// The same of the places that one request may take.
constexpr int kWidestAtOnce = 4;

// Holds places of a gate.
class Place {
 public:
  Place(Gate* gate, Gate::User* user, int seats) : gate_(gate), user_(user), seats_(seats) {}
  ~Place() { gate_->Leave(user_, seats_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Gate* const gate_;
  Gate::User* const user_;
  const int seats_;
};

const char* Why(Gate::Outcome outcome) {
  switch (outcome) {
    case Gate::Outcome::kLineFull:
      return "too many requests of this user wait to be served, try again later";
    case Gate::Outcome::kTooLong:
      return "the request waited too long for others to be served, try again later";
    default: return "too many requests are being served, try again later";
  }
}

struct Admitted {
  Gate::Outcome outcome;
  Gate::User* user;
};

Task<Response> Bounded(Request& request, const Handler& next, Gate* gate, Duration wait) {
  const int seats = 1 + static_cast<int>(request.body.size() / kBodyOfASeat);
  Admitted admitted{Gate::Outcome::kEntered, gate->TryEnter(request.user.name, seats)};
  if (admitted.user == nullptr) {
    MonoTime until = Clock::Real()->Mono() + std::chrono::duration_cast<MonoTime::duration>(wait);
    if (const auto deadline = request.ctx.deadline()) until = std::min(until, *deadline);
    admitted = co_await Callback<Admitted>([&](std::function<void(Admitted)> done) {
      gate->Enter(request.user.name, seats, until,
                  [done = std::move(done)](Gate::Outcome outcome, Gate::User* user) {
                    done(Admitted{outcome, user});
                  });
    });
  }
  if (admitted.user == nullptr) {
    ErrorDetails details;
    details.retry_after_seconds = 1;
    co_return ErrorResponse(Error(Code::kTooManyRequests, Why(admitted.outcome), details));
  }
  request.trace.Mark("place", Clock::Real()->Mono());
  const Place place(gate, admitted.user, seats);
  // Its client may have left the line.
  if (const Status gone = request.ctx.Check(); !gone.ok()) co_return ErrorResponse(gone.error());
  co_return co_await next(request);
}

bool Mutates(const RequestInfo& info) {
  return info.verb == "create" || info.verb == "update" || info.verb == "patch" ||
         info.verb == "delete" || info.verb == "deletecollection";
}

std::shared_ptr<Gate> MakeGate(const char* kind, int places, const InFlightLimits& limits) {
  FairQueue::Limits queue;
  queue.places = places;
  queue.queued = limits.queued;
  queue.queued_user = limits.queued_user;
  queue.share = std::max(1, places / kUsersAtOnce);
  queue.widest = std::max(1, places / kWidestAtOnce);
  return std::make_shared<Gate>(kind, queue);
}

}  // namespace

Handler WithMaxInFlight(Handler next, InFlightLimits limits) {
  auto read = MakeGate("readOnly", limits.read, limits);
  auto mutating = MakeGate("mutating", limits.mutating, limits);
  return [next = std::move(next), read, mutating, wait = limits.wait](Request& request) {
    // What this process asks of itself must not starve behind its clients.
    if (request.in_process || IsLongRunning(request.info)) return next(request);
    // Who looks why the line is long must not stand in it.
    if (IsAboutServer(request.path)) return next(request);
    return Bounded(request, next, Mutates(request.info) ? mutating.get() : read.get(), wait);
  };
}

}  // namespace gantry::apiserver
