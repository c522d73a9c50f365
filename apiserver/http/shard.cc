#include "apiserver/http/shard.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <ctime>

#include "apis/machinery/base/memory.h"
#include "apiserver/http/connection.h"
#include "apiserver/http/metrics.h"

namespace gantry::apiserver {

using boost::system::error_code;

namespace {

constexpr int kTurnsAtOnce = 4;  // before new events are looked for
constexpr size_t kIdleEndedAtOnce = 32;
// About what a connection takes, and what a byte of a body takes while it is parsed.
constexpr size_t kBytesOfConnection = 12 * 1024;
constexpr size_t kBytesOfBodyByte = 16;
constexpr size_t kWorthReturning = 16 * 1024 * 1024;

SharedBounds::Limits PartOf(const ListenerOptions& options, size_t shards) {
  SharedBounds::Limits limits;
  limits.handshakes = std::max<size_t>(1, options.max_handshakes / shards);
  limits.body_bytes = std::max(options.max_bodies / shards, 2 * options.max_body);
  limits.compressors = static_cast<int>(std::max<size_t>(1, options.max_compressors / shards));
  return limits;
}

}  // namespace

Shard::Shard(const ListenerOptions* options, const Handler* handler, const TlsSource* tls,
             size_t shards)
    : options_(options),
      handler_(handler),
      tls_(tls),
      work_(io_.get_executor()),
      tick_timer_(io_),
      flush_timer_(io_),
      bounds_(PartOf(*options, shards)),
      read_buffer_(kReadSize) {
  UpdateDate();
}

Shard::~Shard() = default;

void Shard::StartThread() {
  thread_ = std::thread([this] {
    // OpenSSL writes with write(2); the error of a client that left is enough.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    io_.run();
  });
}

void Shard::Stop(bool now) {
  boost::asio::post(io_, [this, now] {
    stopping_ = true;
    // Ending one may end others; each is looked up again before it is touched.
    const std::vector<Connection*> all(connections_.begin(), connections_.end());
    for (Connection* c : all) {
      if (connections_.contains(c)) c->OnStop(now);
    }
    ReleaseIfDone();
  });
}

void Shard::Join() {
  if (thread_.joinable()) thread_.join();
}

void Shard::Add(Connection* connection) {
  connections_.insert(connection);
  {
    MutexLock lock(&stats_mu_);
    stats_.insert(connection->stats());
  }
  count_.store(connections_.size(), std::memory_order_relaxed);
  if (ticking_) return;
  ticking_ = true;
  UpdateDate();
  Tick();
}

void Shard::Remove(Connection* connection) {
  connections_.erase(connection);
  {
    MutexLock lock(&stats_mu_);
    stats_.erase(connection->stats());
  }
  count_.store(connections_.size(), std::memory_order_relaxed);
  ReleaseIfDone();
}

void Shard::EndIdle() {
  boost::asio::post(io_, [this] {
    std::vector<Connection*> idle;
    for (Connection* c : connections_) {
      if (c->IdleUntil() != 0 && c->IdleUntil() + TickAfter(options_->idle_at_least) <=
                                     now_ + TickAfter(options_->idle_timeout)) {
        idle.push_back(c);
      }
    }
    const size_t n = std::min(idle.size(), kIdleEndedAtOnce);
    std::partial_sort(
        idle.begin(), idle.begin() + static_cast<ptrdiff_t>(n), idle.end(),
        [](const Connection* a, const Connection* b) { return a->IdleUntil() < b->IdleUntil(); });
    idle.resize(n);
    for (Connection* c : idle) {
      EndedConnections().idle.Increment();
      if (connections_.contains(c)) c->Raise(Connection::kExpired);
    }
  });
}

void Shard::InTurn(const std::string& user, UserTurns::Step step) {
  turns_.Add(user, std::move(step));
  if (std::exchange(running_turns_, true)) return;
  boost::asio::post(io_, [this] { RunTurns(); });
}

void Shard::RunTurns() {
  for (int i = 0; i < kTurnsAtOnce && !turns_.empty(); ++i) turns_.Take()();
  running_turns_ = !turns_.empty();
  if (running_turns_) boost::asio::post(io_, [this] { RunTurns(); });
}

void Shard::AppendStats(std::vector<std::shared_ptr<ConnectionStats>>* out) const {
  MutexLock lock(&stats_mu_);
  out->insert(out->end(), stats_.begin(), stats_.end());
}

// run() returns once nothing can happen any more.
void Shard::ReleaseIfDone() {
  if (!stopping_ || !connections_.empty()) return;
  tick_timer_.cancel();
  flush_timer_.cancel();
  work_.reset();
}

uint32_t Shard::TickAfter(Duration timeout) const {
  const auto ticks = (timeout + options_->tick - Duration(1)) / options_->tick;
  return now_ + 1 + static_cast<uint32_t>(ticks);  // this tick has partly passed
}

void Shard::Tick() {
  tick_timer_.expires_after(
      std::chrono::duration_cast<boost::asio::steady_timer::duration>(options_->tick));
  tick_timer_.async_wait([this](const error_code& ec) {
    if (ec) return;
    ReturnMemory();
    if (connections_.empty()) {
      ticking_ = false;  // an idle server does not wake up
      return;
    }
    ++now_;
    UpdateDate();
    const std::vector<Connection*> all(connections_.begin(), connections_.end());
    for (Connection* c : all) {
      if (connections_.contains(c)) c->OnTick(now_);
    }
    Tick();
  });
}

// Many connections, or large bodies, leave much free memory behind, which the allocator keeps.
void Shard::ReturnMemory() {
  const size_t now = connections_.size() * kBytesOfConnection;
  weight_ = std::max(weight_, now + bounds_.TakeBodyPeak() * kBytesOfBodyByte);
  if (weight_ < kWorthReturning || now > weight_ / 2) return;
  weight_ = now;
  ReturnFreeMemory();
}

void Shard::UpdateDate() {
  const std::time_t now = std::chrono::system_clock::to_time_t(Clock::Real()->Now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  const size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  date_.assign(text, size);
}

void Shard::StreamReady(std::shared_ptr<Connection> connection) {
  bool first;
  {
    MutexLock lock(&mu_);
    ready_.push_back(std::move(connection));
    first = ready_.size() == 1;
  }
  if (first) boost::asio::post(io_, [this] { DrainReady(); });
}

void Shard::DrainReady() {
  std::vector<std::shared_ptr<Connection>> ready;
  {
    MutexLock lock(&mu_);
    ready.swap(ready_);
  }
  for (const auto& c : ready) c->Raise(Connection::kStreamReady);
}

void Shard::FlushLater(std::shared_ptr<Connection> connection) {
  flush_.push_back(std::move(connection));
  if (flush_.size() > 1) return;
  flush_timer_.expires_after(
      std::chrono::duration_cast<boost::asio::steady_timer::duration>(options_->coalesce));
  flush_timer_.async_wait([this](const error_code&) {
    std::vector<std::shared_ptr<Connection>> due;
    due.swap(flush_);
    for (const auto& c : due) c->Raise(Connection::kFlushDue);
  });
}

}  // namespace gantry::apiserver
