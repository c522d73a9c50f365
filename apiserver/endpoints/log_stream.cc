#include "apiserver/endpoints/log_stream.h"

namespace gantry::apiserver {
namespace {
constexpr size_t kMaxBuffered = 256 * 1024;
}

bool LogBuffer::OnData(nodeproxy::Channel, std::string_view bytes) {
  {
    MutexLock lock(&mu_);
    while (!closed_ && bytes_.size() >= kMaxBuffered) drained_.Wait(&mu_);
    if (closed_) return false;
    bytes_ += bytes;
  }
  signal_.Fire();
  return true;
}

void LogBuffer::OnEnd(Result<int> result) {
  {
    MutexLock lock(&mu_);
    // The status went out with the first byte, so the reader sees the reason as the last line.
    if (!result.ok() && !closed_ && result.code() != Code::kCancelled) {
      bytes_ += "error: " + result.error().message + "\n";
    }
    ended_ = true;
  }
  signal_.Fire();
}

BodyStream::State LogBuffer::Pull(std::string* out, size_t max) {
  MutexLock lock(&mu_);
  const size_t n = std::min(max, bytes_.size());
  out->append(bytes_, 0, n);
  bytes_.erase(0, n);
  if (bytes_.size() < kMaxBuffered) drained_.SignalAll();
  if (!bytes_.empty()) return BodyStream::State::kMore;
  return ended_ ? BodyStream::State::kEnd : BodyStream::State::kPending;
}

void LogBuffer::OnReady(std::function<void()> wake) {
  if (!wake) {
    signal_.Disarm();
    return;
  }
  signal_.Arm(std::move(wake));
  bool ready = false;
  {
    MutexLock lock(&mu_);
    ready = ReadyLocked();
  }
  if (ready) signal_.Fire();
}

void LogBuffer::Close() {
  signal_.Disarm();
  MutexLock lock(&mu_);
  closed_ = true;
  bytes_.clear();
  drained_.SignalAll();
}

LogStream::~LogStream() {
  buffer_->Close();  // first: a producer that waits for room must leave
  handle_.reset();
}

}  // namespace gantry::apiserver
