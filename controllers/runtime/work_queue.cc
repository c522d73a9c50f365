#include "controllers/runtime/work_queue.h"

#include <algorithm>

namespace gantry::runtime {
namespace {

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

WorkQueue::WorkQueue(Clock* clock, Options options)
    : clock_(clock), options_(std::move(options)), counters_([this]() -> std::optional<Counters> {
        if (options_.name.empty()) return std::nullopt;
        QueueFamilies& families = QueueMetrics();
        const std::map<std::string, std::string> labels = {{"name", options_.name}};
        const auto& buckets = metrics::DurationBuckets();
        return Counters{&families.adds.Add(labels), &families.retries.Add(labels),
                        &families.waited.Add(labels, buckets),
                        &families.worked.Add(labels, buckets)};
      }()) {}

void WorkQueue::Add(const ObjectKey& key) {
  MutexLock lock(&mu_);
  AddLocked(key);
}

void WorkQueue::AddLocked(const ObjectKey& key) {
  if (shut_down_) return;
  if (const auto it = due_.find(key); it != due_.end()) {
    by_time_.erase({it->second, key});
    due_.erase(it);
  }
  if (!dirty_.emplace(key, clock_->Mono()).second) return;
  if (counters_) counters_->adds->Increment();
  if (processing_.count(key)) return;  // Done hands it out again
  queue_.push_back(key);
  changed_.Signal();
}

void WorkQueue::AddAfter(const ObjectKey& key, Duration delay) {
  MutexLock lock(&mu_);
  AddAfterLocked(key, delay);
}

void WorkQueue::AddAfterLocked(const ObjectKey& key, Duration delay) {
  if (shut_down_) return;
  if (delay <= Duration::zero()) {
    AddLocked(key);
    return;
  }
  if (dirty_.count(key)) return;  // comes sooner anyway
  const MonoTime at = clock_->Mono() + std::chrono::duration_cast<MonoTime::duration>(delay);
  const auto it = due_.find(key);
  if (it != due_.end()) {
    if (it->second <= at) return;
    by_time_.erase({it->second, key});
    it->second = at;
  } else {
    due_.emplace(key, at);
  }
  by_time_.insert({at, key});
  changed_.Signal();
}

void WorkQueue::AddRateLimited(const ObjectKey& key) {
  MutexLock lock(&mu_);
  const int failures = failures_[key]++;
  if (counters_) counters_->retries->Increment();
  Duration delay = options_.max_delay;
  if (failures < 40) delay = std::min(delay, options_.base_delay * (int64_t{1} << failures));
  AddAfterLocked(key, delay);
}

void WorkQueue::Forget(const ObjectKey& key) {
  MutexLock lock(&mu_);
  failures_.erase(key);
}

int WorkQueue::Failures(const ObjectKey& key) const {
  MutexLock lock(&mu_);
  const auto it = failures_.find(key);
  return it == failures_.end() ? 0 : it->second;
}

void WorkQueue::PromoteLocked() {
  const MonoTime now = clock_->Mono();
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const ObjectKey key = by_time_.begin()->second;
    AddLocked(key);
  }
}

std::optional<ObjectKey> WorkQueue::TakeLocked() {
  PromoteLocked();
  if (queue_.empty()) return std::nullopt;
  ObjectKey key = std::move(queue_.front());
  queue_.pop_front();
  const MonoTime now = clock_->Mono();
  if (const auto dirty = dirty_.find(key); dirty != dirty_.end()) {
    if (counters_) counters_->waited->Observe(Seconds(now - dirty->second));
    dirty_.erase(dirty);
  }
  processing_.emplace(key, now);
  return key;
}

std::optional<ObjectKey> WorkQueue::TryGet() {
  MutexLock lock(&mu_);
  if (shut_down_) return std::nullopt;
  return TakeLocked();
}

std::optional<ObjectKey> WorkQueue::Get() {
  MutexLock lock(&mu_);
  while (!shut_down_) {
    if (auto key = TakeLocked()) return key;
    if (by_time_.empty()) {
      changed_.Wait(&mu_);
    } else {
      const Duration rest = by_time_.begin()->first - clock_->Mono();
      changed_.WaitUntil(&mu_, Clock::Real()->Mono() + rest);
    }
  }
  return std::nullopt;
}

void WorkQueue::Done(const ObjectKey& key) {
  MutexLock lock(&mu_);
  if (const auto it = processing_.find(key); it != processing_.end()) {
    if (counters_) counters_->worked->Observe(Seconds(clock_->Mono() - it->second));
    processing_.erase(it);
  }
  if (shut_down_ || !dirty_.count(key)) return;
  queue_.push_back(key);
  changed_.Signal();
}

void WorkQueue::ShutDown() {
  MutexLock lock(&mu_);
  shut_down_ = true;
  changed_.SignalAll();
}

size_t WorkQueue::depth() const {
  MutexLock lock(&mu_);
  return queue_.size();
}

WorkQueue::Report WorkQueue::Look(size_t limit) const {
  const auto by_second = [](const auto& a, const auto& b) { return a.second > b.second; };
  Report report;
  {
    MutexLock lock(&mu_);
    const MonoTime now = clock_->Mono();
    report.waiting = queue_.size();
    report.delayed = due_.size();
    report.processing = processing_.size();
    for (const auto& [key, since] : processing_) {
      const Duration age = now - since;
      report.longest = std::max(report.longest, age);
      report.unfinished += age;
      report.oldest.emplace_back(key, age);
    }
    for (const auto& [key, failures] : failures_) {
      report.failing.emplace_back(key, failures);
      if (report.failing.size() < 2 * limit + 2) continue;
      std::sort(report.failing.begin(), report.failing.end(), by_second);
      report.failing.resize(limit);
    }
  }
  std::sort(report.oldest.begin(), report.oldest.end(), by_second);
  std::sort(report.failing.begin(), report.failing.end(), by_second);
  if (report.oldest.size() > limit) report.oldest.resize(limit);
  if (report.failing.size() > limit) report.failing.resize(limit);
  return report;
}

}  // namespace gantry::runtime
