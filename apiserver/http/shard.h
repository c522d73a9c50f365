#pragma once

#include <utility>  // before asio: Boost 1.74 forgets it

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "apiserver/http/listener.h"
#include "apiserver/http/shared_bounds.h"
#include "apiserver/http/user_turns.h"

namespace gantry::apiserver {

class Connection;

// One io thread with its connections. They share its scratch buffers, its coarse clock and its
// flush timer, so that an idle connection owns none. Methods run on the thread unless they say so.
class Shard {
 public:
  static constexpr size_t kReadSize = 17 * 1024;  // a TLS record and its overhead

  // One of `shards`, which share what the options allow.
  Shard(const ListenerOptions* options, const Handler* handler, const TlsSource* tls,
        size_t shards);
  ~Shard();  // REQUIRES: Join() returned
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  void StartThread();
  // From another thread: asks every connection to end; with `now`, cancels their requests.
  void Stop(bool now);
  // From another thread: returns when the last connection is gone. REQUIRES: Stop was called.
  void Join();

  boost::asio::io_context& io() { return io_; }
  const ListenerOptions& options() const { return *options_; }
  const Handler& handler() const { return *handler_; }
  const TlsSource& tls() const { return *tls_; }
  bool stopping() const { return stopping_; }
  size_t connections() const { return count_.load(std::memory_order_relaxed); }  // any thread

  // From another thread: ends connections that have waited for a request for the longest, if for
  // some seconds, so that others can come.
  void EndIdle();

  // Any thread: what the connections did; appended to.
  void AppendStats(std::vector<std::shared_ptr<ConnectionStats>>* out) const;

  void Add(Connection* connection);
  void Remove(Connection* connection);

  // Any thread: the stream of `connection` may go on.
  void StreamReady(std::shared_ptr<Connection> connection);
  // `connection` is told when its coalescing pause is over.
  void FlushLater(std::shared_ptr<Connection> connection);

  // Runs `step` when it is the turn of `user`.
  void InTurn(const std::string& user, UserTurns::Step step);
  SharedBounds* bounds() { return &bounds_; }

  // The tick at which a time-out that starts now is over; 0 is never.
  uint32_t TickAfter(Duration timeout) const;
  // `Sat, 21 Nov 2026 12:00:00 GMT`, to the tick.
  const std::string& date() const { return date_; }

  // Scratch, valid until the coroutine suspends.
  char* read_buffer() { return read_buffer_.data(); }
  std::string& write_buffer() { return write_buffer_; }

 private:
  void Tick();
  void ReturnMemory();
  void UpdateDate();
  void DrainReady();
  void RunTurns();
  void ReleaseIfDone();

  const ListenerOptions* const options_;
  const Handler* const handler_;
  const TlsSource* const tls_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer flush_timer_;
  std::thread thread_;

  std::unordered_set<Connection*> connections_;
  std::atomic<size_t> count_{0};
  std::vector<std::shared_ptr<Connection>> flush_;
  SharedBounds bounds_;
  UserTurns turns_;
  bool running_turns_ = false;
  bool ticking_ = false;
  bool stopping_ = false;
  uint32_t now_ = 1;   // ticks
  size_t weight_ = 0;  // of what connections took at most since memory was returned
  std::string date_;
  std::vector<char> read_buffer_;
  std::string write_buffer_;

  Mutex mu_;
  std::vector<std::shared_ptr<Connection>> ready_ GUARDED_BY(mu_);

  mutable Mutex stats_mu_;
  std::unordered_set<std::shared_ptr<ConnectionStats>> stats_ GUARDED_BY(stats_mu_);
};

}  // namespace gantry::apiserver
