#include "apiserver/storage/watch_stream.h"

#include <algorithm>

#include "apis/machinery/meta/status.h"

namespace gantry::apiserver {
namespace {
constexpr size_t kBatch = 64;
}

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
      incarnation_(at.incarnation),
      end_(timer->clock()->Mono() + options_.timeout),
      cursor_(at.cursor),
      seen_(at.snapshot.revision),
      initial_end_due_(options_.mark_initial_end),
      next_bookmark_(timer->clock()->Mono() + options_.bookmark_interval) {}

WatchStream::~WatchStream() {
  cache_->Forget(signal_.get());
  if (timer_id_ != 0) timer_->Cancel(timer_id_);
  signal_->Disarm();
}

BodyStream::State WatchStream::Pull(std::string* out, size_t max) {
  if (ended_) return State::kEnd;
  const size_t limit = out->size() + max;
  if (!PullInitial(out, limit)) return State::kMore;
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
    for (const auto& event : read.events) {
      ++cursor_;
      if (event->entry->revision() > seen_) {
        Append(*event, out);
        seen_ = event->entry->revision();
      }
      if (out->size() >= limit) break;
    }
  }
  return State::kMore;
}

bool WatchStream::PullInitial(std::string* out, size_t limit) {
  for (; initial_.Valid(); initial_.Next()) {
    if (out->size() >= limit) return false;
    const Entry& entry = *initial_.entry();
    if (!options_.filter.MatchesKey(entry.key())) break;
    if (options_.filter.Matches(entry)) AppendObject("ADDED", entry, out);
  }
  initial_ = {};
  return true;
}

// An object that enters or leaves the selection appears as added or deleted, whatever happened to
// it.
void WatchStream::Append(const CacheEvent& event, std::string* out) {
  if (!options_.filter.MatchesKey(event.entry->key())) return;
  const bool before = event.previous != nullptr && options_.filter.Matches(*event.previous);
  if (event.type == CacheEvent::Type::kDelete) {
    if (before) AppendObject("DELETED", *event.entry, out);
    return;
  }
  const bool after = options_.filter.Matches(*event.entry);
  if (after) {
    AppendObject(before ? "MODIFIED" : "ADDED", *event.entry, out);
  } else if (before) {
    // What the watcher knew, at the revision that took it away.
    AppendObject("DELETED", *event.previous->At(event.entry->revision()), out);
  }
}

void WatchStream::AppendObject(const char* type, const Entry& entry, std::string* out) {
  *out += "{\"type\":\"";
  *out += type;
  *out += "\",\"object\":";
  options_.format->Append(entry, first_, out);
  *out += "}\n";
  first_ = false;
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
