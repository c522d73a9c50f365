#include "apiserver/registry/turns.h"

namespace gantry::apiserver {

Task<Turns::Turn> Turns::Take() {
  Callback<bool> turn([this](std::function<void(bool)> go) { Enter(std::move(go)); });
  co_await turn;
  co_return Turn(this);
}

void Turns::Enter(std::function<void(bool)> go) {
  {
    MutexLock lock(&mu_);
    if (taken_) {
      waiting_.push_back(std::move(go));
      return;
    }
    taken_ = true;
  }
  go(true);
}

void Turns::End() {
  std::function<void(bool)> next;
  {
    MutexLock lock(&mu_);
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  // Not on this stack: a long line would make it deep.
  pool_->Post([next = std::move(next)] { next(true); });
}

}  // namespace gantry::apiserver
