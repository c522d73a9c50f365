#include "apiserver/filters/gate.h"

#include "apiserver/filters/metrics.h"

namespace gantry::apiserver {
namespace {

constexpr int kThreads = 2;

}  // namespace

Gate::Gate(const char* kind, int places, int queue_limit)
    : places_(places),
      queue_limit_(static_cast<size_t>(queue_limit)),
      serving_(GateGauges(kind).serving),
      waiting_(GateGauges(kind).waiting) {
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

bool Gate::TryEnter() {
  {
    MutexLock lock(&mu_);
    if (taken_ >= places_ || !line_.empty()) return false;
    ++taken_;
  }
  serving_->Increment();
  return true;
}

void Gate::Enter(MonoTime until, std::function<void(bool)> done) {
  {
    MutexLock lock(&mu_);
    if (line_.size() < queue_limit_) {
      const uint64_t ticket = next_ticket_++;
      by_time_.insert({until, ticket});
      line_.emplace(ticket, std::make_pair(until, std::move(done)));
      waiting_->Increment();
      changed_.Signal();
      return;
    }
  }
  done(false);
}

void Gate::Leave() {
  serving_->Decrement();
  MutexLock lock(&mu_);
  --taken_;
  if (!line_.empty()) changed_.Signal();
}

void Gate::Run() {
  while (true) {
    std::function<void(bool)> done;
    bool entered = false;
    {
      MutexLock lock(&mu_);
      while (true) {
        if (stopping_) return;
        if (line_.empty()) {
          changed_.Wait(&mu_);
          continue;
        }
        auto next = line_.begin();
        entered = taken_ < places_;
        if (!entered) {
          const auto [time, ticket] = *by_time_.begin();
          if (Clock::Real()->Mono() < time) {
            changed_.WaitUntil(&mu_, time);
            continue;
          }
          next = line_.find(ticket);
        }
        if (entered) ++taken_;
        done = std::move(next->second.second);
        by_time_.erase({next->second.first, next->first});
        line_.erase(next);
        break;
      }
    }
    waiting_->Decrement();
    if (entered) serving_->Increment();
    done(entered);
  }
}

}  // namespace gantry::apiserver
