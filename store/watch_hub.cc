#include "store/watch_hub.h"

#include <algorithm>
#include <utility>

#include "apis/machinery/base/log.h"

namespace gantry::store {

// All fields but the constant ones are guarded by the hub's mu_, save that the worker that set
// `busy` may call `sink` without it.
struct WatchHub::Watcher {
  const std::string prefix;
  const EventSink sink;
  Revision position;   // everything up to here was delivered or is not of this prefix
  Revision reported;   // the last revision that the sink heard of
  MonoTime last_call;  // when the sink was called last, or the watch began
  bool busy = false;   // a worker serves it
  bool ended = false;  // the sink is not called again
};

class WatchHub::Handle : public WatchHandle {
 public:
  Handle(WatchHub* hub, Watcher* watcher) : hub_(hub), watcher_(watcher) {}
  ~Handle() override { hub_->Remove(watcher_); }

 private:
  WatchHub* const hub_;
  Watcher* const watcher_;
};

WatchHub::WatchHub(EventHistory* history, const Clock* clock) : history_(history), clock_(clock) {}

WatchHub::~WatchHub() {
  std::vector<std::thread> workers;
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    work_.SignalAll();
    workers.swap(workers_);
  }
  for (auto& worker : workers) worker.join();
}

void WatchHub::Publish(EventBatch batch) {
  MutexLock lock(&mu_);
  published_ = batch.last;
  if (watchers_.empty() || batch.events.empty()) {
    ring_.clear();
    ring_bytes_ = 0;
    ring_floor_ = published_;
    if (watchers_.empty()) return;
  } else {
    size_t bytes = 0;
    for (const Event& e : batch.events) bytes += sizeof(Event) + e.key.size() + e.value.size();
    ring_.push_back({std::make_shared<const EventBatch>(std::move(batch)), bytes});
    ring_bytes_ += bytes;
    TrimRing();
  }
  work_.Signal();
  StartWorkerIfBusy();
}

std::unique_ptr<WatchHandle> WatchHub::Watch(std::string_view prefix, Revision after,
                                             Revision visible, EventSink sink) {
  auto watcher = std::make_unique<Watcher>(
      Watcher{std::string(prefix), std::move(sink), after, after, clock_->Mono()});
  Watcher* const w = watcher.get();
  MutexLock lock(&mu_);
  if (watchers_.empty() && visible > published_) {
    ring_.clear();
    ring_bytes_ = 0;
    published_ = ring_floor_ = visible;
  }
  watchers_.push_back(std::move(watcher));
  watch_count_.fetch_add(1, std::memory_order_relaxed);
  work_.Signal();
  StartWorkerIfBusy();
  return std::make_unique<Handle>(this, w);
}

void WatchHub::Remove(Watcher* w) {
  MutexLock lock(&mu_);
  w->ended = true;
  while (w->busy) idle_.Wait(&mu_);
  watchers_.remove_if([w](const std::unique_ptr<Watcher>& other) { return other.get() == w; });
  watch_count_.fetch_sub(1, std::memory_order_relaxed);
  TrimRing();
}

void WatchHub::StartWorkerIfBusy() {
  if (stopping_ || waiting_workers_ > 0) return;
  if (workers_.size() >= std::min(kMaxWorkers, watchers_.size())) return;
  workers_.emplace_back([this] { Work(); });
}

void WatchHub::Work() {
  MutexLock lock(&mu_);
  while (!stopping_) {
    std::optional<MonoTime> due;
    Watcher* const w = NextReady(&due);
    if (w == nullptr) {
      ++waiting_workers_;
      if (due) {
        work_.WaitUntil(&mu_, *due);
      } else {
        work_.Wait(&mu_);
      }
      --waiting_workers_;
      continue;
    }
    w->busy = true;
    // The sink may take its time: see that another worker looks after the others.
    if (NextReady(&due) != nullptr) {
      work_.Signal();
      StartWorkerIfBusy();
    }
    Step(w);
    w->busy = false;
    idle_.SignalAll();
    TrimRing();
  }
}

WatchHub::Watcher* WatchHub::NextReady(std::optional<MonoTime>* due) {
  due->reset();
  for (auto it = watchers_.begin(); it != watchers_.end(); ++it) {
    Watcher* const w = it->get();
    if (w->busy || w->ended) continue;
    bool ready = w->position < published_;
    if (!ready && w->reported < w->position) {
      const MonoTime at = w->last_call + kProgressInterval;
      ready = clock_->Mono() >= at;
      if (!ready && (!*due || at < **due)) *due = at;
    }
    if (!ready) continue;
    watchers_.splice(watchers_.end(), watchers_, it);  // everybody gets a turn
    return w;
  }
  return nullptr;
}

void WatchHub::Step(Watcher* w) {
  if (w->position >= published_) {
    Deliver(w, {Event{Event::Type::kProgress, w->position, {}, {}, 0}});
    return;
  }
  std::shared_ptr<const EventBatch> batch;
  if (w->position >= ring_floor_) {
    auto it = std::partition_point(ring_.begin(), ring_.end(), [w](const RingBatch& b) {
      return b.batch->last <= w->position;
    });
    batch = it->batch;
  } else {
    const Revision after = w->position;
    mu_.Unlock();
    Result<EventBatch> read = history_->ReadEvents(after);
    mu_.Lock();
    if (!read.ok()) {
      LOG_WARN("watch ended", {"prefix", w->prefix}, {"position", after}, {"error", read.error()});
      Deliver(w, {Event{Event::Type::kLost, after, {}, {}, 0}});
      w->ended = true;
      return;
    }
    batch = std::make_shared<const EventBatch>(*std::move(read));
  }
  auto wanted = [w](const Event& e) {
    return e.revision > w->position && std::string_view(e.key).starts_with(w->prefix);
  };
  const auto& events = batch->events;
  const size_t count = std::count_if(events.begin(), events.end(), wanted);
  if (count == events.size() && count > 0) {
    Deliver(w, events);
  } else if (count > 0) {
    std::vector<Event> some;
    some.reserve(count);
    std::copy_if(events.begin(), events.end(), std::back_inserter(some), wanted);
    Deliver(w, some);
  }
  w->position = std::max(w->position, batch->last);
}

void WatchHub::Deliver(Watcher* w, const std::vector<Event>& events) {
  if (w->ended) return;
  mu_.Unlock();
  const bool goes_on = w->sink(events);
  const MonoTime now = clock_->Mono();
  mu_.Lock();
  w->reported = events.back().revision;
  w->last_call = now;
  if (!goes_on) w->ended = true;
}

void WatchHub::TrimRing() {
  Revision needed = published_;
  for (const auto& w : watchers_) {
    if (!w->ended) needed = std::min(needed, w->position);
  }
  while (!ring_.empty() && (ring_.front().batch->last <= needed || ring_bytes_ > kMaxRingBytes)) {
    ring_floor_ = ring_.front().batch->last;
    ring_bytes_ -= ring_.front().bytes;
    ring_.pop_front();
  }
}

}  // namespace gantry::store
