#include "apiserver/endpoints/watch_socket.h"

namespace gantry::apiserver {
namespace {
constexpr size_t kPiece = 64 * 1024;
constexpr size_t kAhead = 1024 * 1024;
constexpr Duration kLookAgain = std::chrono::milliseconds(20);
}  // namespace

void WatchSocket::OnOpen(std::shared_ptr<WebSocketPeer> peer) {
  {
    MutexLock lock(&mu_);
    peer_ = std::move(peer);
  }
  Pump();
}

void WatchSocket::OnClose() {
  std::shared_ptr<BodyStream> stream;
  {
    MutexLock lock(&mu_);
    stream = std::move(stream_);
    peer_ = nullptr;
  }
  if (stream) stream->OnReady(nullptr);
}

void WatchSocket::PumpLater() {
  timer_->After(kLookAgain, [pool = pool_, weak = weak_from_this()] {
    pool->Post([weak] {
      if (const auto self = weak.lock()) self->Pump();
    });
  });
}

void WatchSocket::Pump() {
  BodyStream::State state = BodyStream::State::kMore;
  std::shared_ptr<BodyStream> stream;
  {
    MutexLock lock(&mu_);
    while (stream_ && state == BodyStream::State::kMore) {
      if (peer_->queued() > kAhead) {
        PumpLater();
        return;
      }
      state = stream_->Pull(&rest_, kPiece);
      size_t from = 0;
      for (size_t end; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1) {
        if (!peer_->Send(rest_.substr(from, end - from), false)) return;
      }
      rest_.erase(0, from);
    }
    if (!stream_) return;
    if (state == BodyStream::State::kEnd) {
      peer_->Close();
      return;
    }
    stream = stream_;
  }
  // Not under the lock: OnReady may call back at once, on this thread.
  stream->OnReady([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Pump();
  });
}

}  // namespace gantry::apiserver
