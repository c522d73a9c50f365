#include "apiserver/http/connection_stats.h"

namespace gantry::apiserver {

void ConnectionStats::CountRequest(const std::string& user) {
  requests_.fetch_add(1, std::memory_order_relaxed);
  MutexLock lock(&mu_);
  if (user_ != user) user_ = user;
}

void ConnectionStats::SetProtocol(std::string tls) {
  MutexLock lock(&mu_);
  protocol_ = std::move(tls) + ", HTTP/1.1";
}

ConnectionStats::Shown ConnectionStats::Show(MonoTime now) const {
  Shown shown;
  shown.peer = peer_;
  shown.state = state_.load(std::memory_order_relaxed);
  shown.age = now - since_;
  shown.requests = requests_.load(std::memory_order_relaxed);
  shown.received = received_.load(std::memory_order_relaxed);
  shown.sent = sent_.load(std::memory_order_relaxed);
  MutexLock lock(&mu_);
  shown.user = user_;
  shown.protocol = protocol_;
  return shown;
}

const char* StateName(ConnectionStats::State state) {
  switch (state) {
    case ConnectionStats::State::kHandshake: return "handshake";
    case ConnectionStats::State::kIdle: return "idle";
    case ConnectionStats::State::kRequest: return "request";
    case ConnectionStats::State::kStream: return "stream";
    case ConnectionStats::State::kWebSocket: return "websocket";
  }
  return "";
}

}  // namespace gantry::apiserver
