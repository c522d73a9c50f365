#include "apiserver/filters/gate.h"

namespace gantry::apiserver {
namespace {

constexpr int kThreads = 2;

}  // namespace

Gate::Gate(const char* kind, const FairQueue::Limits& limits)
    : metrics_(GateMetrics::Of(kind)), queue_(limits) {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
}

Gate::~Gate() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.SignalAll();
  }
  for (std::thread& t : threads_) t.join();
}

Gate::User* Gate::TryEnter(const std::string& user, int seats) {
  const MonoTime now = Clock::Real()->Mono();
  User* entered;
  {
    MutexLock lock(&mu_);
    entered = queue_.TryEnter(user, seats, now);
  }
  if (entered != nullptr) metrics_.serving->Increment();
  return entered;
}

void Gate::Enter(const std::string& user, int seats, MonoTime until, FairQueue::Done done) {
  const MonoTime now = Clock::Real()->Mono();
  std::optional<FairQueue::Ready> refused;
  metrics_.waiting->Increment();
  {
    MutexLock lock(&mu_);
    refused = queue_.Add(user, seats, until, now, std::move(done));
    changed_.Signal();
  }
  if (refused) Refuse(std::move(*refused));
}

void Gate::Leave(User* user, int seats) {
  metrics_.serving->Decrement();
  MutexLock lock(&mu_);
  queue_.Leave(user, seats);
  if (queue_.waiting() > 0) changed_.Signal();
}

void Gate::Refuse(FairQueue::Ready refused) {
  metrics_.waiting->Decrement();
  switch (refused.outcome) {
    case Outcome::kEntered: break;
    case Outcome::kLineFull: metrics_.line_full->Increment(); break;
    case Outcome::kAllFull: metrics_.all_full->Increment(); break;
    case Outcome::kTooLong: metrics_.too_long->Increment(); break;
  }
  refused.done(refused.outcome, nullptr);
}

void Gate::Run() {
  while (true) {
    std::optional<FairQueue::Ready> ready;
    {
      MutexLock lock(&mu_);
      while (!ready) {
        if (stopping_) return;
        ready = queue_.Next(Clock::Real()->Mono());
        if (ready) continue;
        const std::optional<MonoTime> due = queue_.NextDue(Clock::Real()->Mono());
        if (due) {
          changed_.WaitUntil(&mu_, *due);
        } else {
          changed_.Wait(&mu_);
        }
      }
      // This thread is away for as long as the request takes; more may be free.
      if (queue_.waiting() > 0) changed_.Signal();
    }
    if (ready->outcome == Outcome::kEntered) {
      metrics_.waiting->Decrement();
      metrics_.serving->Increment();
      ready->done(Outcome::kEntered, ready->user);
    } else {
      Refuse(std::move(*ready));
    }
  }
}

}  // namespace gantry::apiserver
