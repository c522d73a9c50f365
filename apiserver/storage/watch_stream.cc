#include "apiserver/storage/watch_stream.h"

#include <algorithm>
#include <atomic>

#include "apis/machinery/meta/status.h"

namespace gantry::apiserver {
namespace {
constexpr size_t kBatch = 64;
}

class WatchStream::Progress : public WatchReport {
 public:
  Progress(const ResourceCache* cache, uint64_t incarnation)
      : cache_(cache), incarnation_(incarnation) {}

  void Set(ResourceCache::Cursor cursor, store::Revision seen) {
    cursor_.store(cursor, std::memory_order_relaxed);
    seen_.store(seen, std::memory_order_relaxed);
  }
  void CountSent() { sent_.fetch_add(1, std::memory_order_relaxed); }

  Numbers Read() const override {
    const ResourceCache::Backlog backlog =
        cache_->Behind(cursor_.load(std::memory_order_relaxed), incarnation_);
    Numbers numbers;
    numbers.newest = cache_->Current().revision;
    numbers.revision = seen_.load(std::memory_order_relaxed);
    // One that waits for an event of its own has read all of the others.
    if (backlog.events == 0) numbers.revision = std::max(numbers.revision, numbers.newest);
    numbers.sent = sent_.load(std::memory_order_relaxed);
    numbers.waiting = backlog.events;
    numbers.waiting_bytes = backlog.bytes;
    return numbers;
  }

 private:
  const ResourceCache* const cache_;
  const uint64_t incarnation_;
  std::atomic<ResourceCache::Cursor> cursor_{0};
  std::atomic<store::Revision> seen_{0};
  std::atomic<uint64_t> sent_{0};
};

std::unique_ptr<WatchStream> WatchStream::FromNow(ResourceCache* cache, Timer* timer,
                                                  Options options) {
  ResourceCache::Attached at = cache->Attach();
  const Tree tree = at.snapshot.tree;
  std::unique_ptr<WatchStream> stream(
      new WatchStream(cache, timer, std::move(at), std::move(options)));
  stream->initial_ = Tree::Iterator(tree, stream->options_.filter.prefix);
  return stream;
}

std::unique_ptr<WatchStream> WatchStream::AfterNow(ResourceCache* cache, Timer* timer,
                                                   Options options) {
  return std::unique_ptr<WatchStream>(
      new WatchStream(cache, timer, cache->Attach(), std::move(options)));
}

Result<std::unique_ptr<WatchStream>> WatchStream::After(ResourceCache* cache, Timer* timer,
                                                        store::Revision revision, Options options) {
  GANTRY_TRY_SET(ResourceCache::Attached at, cache->AttachAfter(revision));
  return std::unique_ptr<WatchStream>(
      new WatchStream(cache, timer, std::move(at), std::move(options)));
}

WatchStream::WatchStream(ResourceCache* cache, Timer* timer, ResourceCache::Attached at,
                         Options options)
    : cache_(cache),
      timer_(timer),
      options_(std::move(options)),
      progress_(std::make_shared<Progress>(cache, at.incarnation)),
      incarnation_(at.incarnation),
      end_(timer->clock()->Mono() + options_.timeout),
      cursor_(at.cursor),
      seen_(at.snapshot.revision),
      initial_end_due_(options_.mark_initial_end),
      next_bookmark_(timer->clock()->Mono() + options_.bookmark_interval) {
  progress_->Set(cursor_, seen_);
}

std::shared_ptr<const WatchReport> WatchStream::report() const { return progress_; }

WatchStream::~WatchStream() {
  cache_->Forget(signal_.get());
  if (timer_id_ != 0) timer_->Cancel(timer_id_);
  signal_->Disarm();
}

BodyStream::State WatchStream::Pull(std::string* out, size_t max) {
  if (ended_) return State::kEnd;
  const size_t limit = out->size() + max;
  State state = State::kMore;
  if (!PullInitial(out, limit, &state)) return state;
  if (initial_end_due_) {
    AppendBookmark(true, out);
    initial_end_due_ = false;
  }
  while (out->size() < limit) {
    const ResourceCache::Read read = cache_->ReadFrom(cursor_, incarnation_, kBatch);
    if (read.state == ResourceCache::Read::State::kClosed) {
      ended_ = true;
      return State::kEnd;
    }
    if (read.state == ResourceCache::Read::State::kFellOff) {
      AppendError(Error(Code::kExpired, fmt::format("too old resource version: {}", seen_)), out);
      return State::kEnd;
    }
    if (read.events.empty()) {
      seen_ = std::max(seen_, read.revision);
      return Idle(out);
    }
    if (options_.view && !AllShown(EntriesOf(read), out, &state)) return state;
    for (const auto& event : read.events) {
      ++cursor_;
      if (event->entry->revision() > seen_) {
        Append(*event, out);
        seen_ = event->entry->revision();
      }
      progress_->Set(cursor_, seen_);
      if (out->size() >= limit) return State::kMore;
    }
    shown_.clear();
  }
  return State::kMore;
}

bool WatchStream::PullInitial(std::string* out, size_t limit, State* state) {
  while (initial_.Valid() || !initial_batch_.empty()) {
    if (initial_batch_.empty()) {
      for (; initial_.Valid() && initial_batch_.size() < kBatch; initial_.Next()) {
        if (!options_.filter.MatchesKey(initial_.entry()->key())) {
          initial_ = {};
          break;
        }
        initial_batch_.push_back(initial_.entry());
      }
    }
    if (options_.view && !AllShown(initial_batch_, out, state)) return false;
    size_t sent = 0;
    for (; sent < initial_batch_.size() && out->size() < limit; ++sent) {
      const Entry& entry = Shown(initial_batch_[sent]);
      if (options_.filter.Matches(entry)) AppendObject("ADDED", entry, true, out);
    }
    initial_batch_.erase(initial_batch_.begin(), initial_batch_.begin() + static_cast<long>(sent));
    if (initial_batch_.empty()) shown_.clear();
    if (out->size() >= limit) {
      *state = State::kMore;
      return false;
    }
  }
  return true;
}

bool WatchStream::AllShown(const std::vector<EntryPtr>& entries, std::string* out, State* state) {
  *state = State::kPending;
  if (showing_) {
    MutexLock lock(&showing_->mu);
    if (!showing_->answer) return false;
    const Result<std::vector<EntryPtr>>& answer = *showing_->answer;
    if (!answer.ok()) {
      AppendError(answer.error(), out);
      *state = State::kEnd;
      return false;
    }
    for (size_t i = 0; i < answer->size(); ++i) shown_[showing_->asked[i]] = (*answer)[i];
  }
  showing_ = nullptr;
  std::vector<EntryPtr> missing;
  for (const EntryPtr& entry : entries) {
    if (!options_.view->Fits(*entry) && shown_.count(entry) == 0) missing.push_back(entry);
  }
  if (missing.empty()) return true;
  showing_ = std::make_shared<Showing>();
  showing_->asked = missing;
  options_.view->Show(std::move(missing), [showing = showing_, signal = signal_](auto answer) {
    {
      MutexLock lock(&showing->mu);
      showing->answer = std::move(answer);
    }
    signal->Fire();
  });
  return false;
}

const Entry& WatchStream::Shown(const EntryPtr& entry) const {
  const auto it = shown_.find(entry);
  return it == shown_.end() ? *entry : *it->second;
}

std::vector<EntryPtr> WatchStream::EntriesOf(const ResourceCache::Read& read) const {
  std::vector<EntryPtr> entries;
  for (const auto& event : read.events) {
    if (!options_.filter.MatchesKey(event->entry->key())) continue;
    entries.push_back(event->entry);
    if (event->previous) entries.push_back(event->previous);
  }
  return entries;
}

// An object that enters or leaves the selection appears as added or deleted, whatever happened to
// it.
void WatchStream::Append(const CacheEvent& event, std::string* out) {
  if (!options_.filter.MatchesKey(event.entry->key())) return;
  const bool before = event.previous != nullptr && options_.filter.Matches(Shown(event.previous));
  const Entry& entry = Shown(event.entry);
  if (event.type == CacheEvent::Type::kDelete) {
    if (before) AppendObject("DELETED", entry, false, out);
    return;
  }
  const bool after = options_.filter.Matches(entry);
  if (after) {
    AppendObject(before ? "MODIFIED" : "ADDED", entry, false, out);
  } else if (before) {
    // What the watcher knew, at the revision that took it away.
    AppendObject("DELETED", *Shown(event.previous).At(entry.revision()), true, out);
  }
}

void WatchStream::AppendObject(const char* type, const Entry& entry, bool once, std::string* out) {
  const size_t before = out->size();
  *out += "{\"type\":\"";
  *out += type;
  *out += "\",\"object\":";
  if (once) {
    options_.format->AppendOnce(entry, first_, out);
  } else {
    options_.format->Append(entry, first_, out);
  }
  *out += "}\n";
  first_ = false;
  progress_->CountSent();
  if (options_.events != nullptr) options_.events->Increment();
  if (options_.sizes != nullptr) options_.sizes->Observe(static_cast<double>(out->size() - before));
}

void WatchStream::AppendError(const Error& error, std::string* out) {
  ended_ = true;
  *out += "{\"type\":\"ERROR\",\"object\":";
  *out += DumpJson(StatusJson(error));
  *out += "}\n";
}

void WatchStream::AppendBookmark(bool initial_end, std::string* out) {
  *out += "{\"type\":\"BOOKMARK\",\"object\":";
  options_.format->AppendBookmark(seen_, initial_end, out);
  *out += "}\n";
}

BodyStream::State WatchStream::Idle(std::string* out) {
  const MonoTime now = timer_->clock()->Mono();
  if (now >= end_) {
    if (options_.bookmarks) AppendBookmark(false, out);
    ended_ = true;
    return State::kEnd;
  }
  if (options_.bookmarks && now >= next_bookmark_) {
    AppendBookmark(false, out);
    next_bookmark_ = now + options_.bookmark_interval;
  }
  return State::kPending;
}

MonoTime WatchStream::NextDue() const {
  return options_.bookmarks ? std::min(end_, next_bookmark_) : end_;
}

void WatchStream::OnReady(std::function<void()> wake) {
  if (!wake) {
    cache_->Forget(signal_.get());
    signal_->Disarm();
    return;
  }
  signal_->Arm(std::move(wake));
  if (showing_) {
    bool answered = false;
    {
      MutexLock lock(&showing_->mu);
      answered = showing_->answer.has_value();
    }
    if (answered) signal_->Fire();
    return;
  }
  const MonoTime due = NextDue();
  if (timer_id_ == 0 || due != timer_at_) {
    if (timer_id_ != 0) timer_->Cancel(timer_id_);
    timer_at_ = due;
    // Fires at once when it is already due.
    timer_id_ = timer_->At(due, [signal = signal_] { signal->Fire(); });
  }
  if (timer_->clock()->Mono() >= due) {
    signal_->Fire();
    return;
  }
  cache_->Wait(cursor_, incarnation_, options_.filter.prefix, signal_);
}

}  // namespace gantry::apiserver
