#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"

namespace gantry::apiserver {

// What a connection did, for the debug page. The connection writes, anyone reads; thread-safe.
class ConnectionStats {
 public:
  enum class State : uint8_t { kHandshake, kIdle, kRequest, kStream, kWebSocket };

  ConnectionStats(std::string peer, MonoTime since) : peer_(std::move(peer)), since_(since) {}

  void Set(State state) { state_.store(state, std::memory_order_relaxed); }
  void Received(size_t bytes) { received_.fetch_add(bytes, std::memory_order_relaxed); }
  void Sent(size_t bytes) { sent_.fetch_add(bytes, std::memory_order_relaxed); }
  // A request was answered; `user` sent it.
  void CountRequest(const std::string& user);
  void SetProtocol(std::string tls);

  struct Shown {
    std::string peer;
    std::string user;  // of the last request
    std::string protocol;
    State state = State::kHandshake;
    Duration age{};
    uint64_t requests = 0;
    uint64_t received = 0;  // bytes within TLS
    uint64_t sent = 0;
  };
  Shown Show(MonoTime now) const;

 private:
  const std::string peer_;
  const MonoTime since_;
  std::atomic<State> state_{State::kHandshake};
  std::atomic<uint64_t> requests_{0};
  std::atomic<uint64_t> received_{0};
  std::atomic<uint64_t> sent_{0};
  mutable Mutex mu_;
  std::string user_ GUARDED_BY(mu_);
  std::string protocol_ GUARDED_BY(mu_);
};

const char* StateName(ConnectionStats::State state);

struct ConnectionsReport {
  size_t total = 0;
  std::vector<ConnectionStats::Shown> busiest;  // by bytes in both directions
};

}  // namespace gantry::apiserver
