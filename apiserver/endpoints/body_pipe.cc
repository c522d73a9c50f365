#include "apiserver/endpoints/body_pipe.h"

#include <algorithm>
#include <utility>

namespace gantry::apiserver {
namespace {

constexpr size_t kMaxPiped = 256 * 1024;

}  // namespace

bool BodyPipe::Write(std::string_view bytes) {
  {
    MutexLock lock(&mu_);
    while (!closed_ && bytes_.size() >= kMaxPiped) drained_.Wait(&mu_);
    if (closed_) return false;
    bytes_ += bytes;
  }
  signal_.Fire();
  return true;
}

void BodyPipe::End(std::string_view last) {
  {
    MutexLock lock(&mu_);
    if (!closed_) bytes_ += last;
    ended_ = true;
  }
  signal_.Fire();
}

BodyStream::State BodyPipe::Pull(std::string* out, size_t max) {
  MutexLock lock(&mu_);
  const size_t n = std::min(max, bytes_.size());
  out->append(bytes_, 0, n);
  bytes_.erase(0, n);
  if (bytes_.size() < kMaxPiped) drained_.SignalAll();
  if (!bytes_.empty()) return BodyStream::State::kMore;
  return ended_ ? BodyStream::State::kEnd : BodyStream::State::kPending;
}

void BodyPipe::OnReady(std::function<void()> wake) {
  if (!wake) {
    signal_.Disarm();
    return;
  }
  signal_.Arm(std::move(wake));
  bool ready = false;
  {
    MutexLock lock(&mu_);
    ready = !bytes_.empty() || ended_;
  }
  if (ready) signal_.Fire();
}

void BodyPipe::Close() {
  signal_.Disarm();
  MutexLock lock(&mu_);
  closed_ = true;
  bytes_.clear();
  drained_.SignalAll();
}

}  // namespace gantry::apiserver
