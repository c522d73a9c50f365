#pragma once

#include <memory>
#include <string>

#include "apiserver/http/handler.h"
#include "apiserver/storage/cache.h"
#include "apiserver/storage/timer.h"

namespace gantry::apiserver {

// `"true"` on the bookmark that says: the state at the start of the watch is through.
inline constexpr char kInitialEventsEnd[] = "k8s.io/initial-events-end";

// How objects look in a stream: JSON of one served version, Table, PartialObjectMetadata.
class ObjectFormat {
 public:
  virtual ~ObjectFormat() = default;
  // Appends the document of `entry`. `first`: it is the first object of the stream (a Table names
  // its columns only there).
  virtual void Append(const Entry& entry, bool first, std::string* out) const = 0;
  // Appends the object of a bookmark; `initial_end`: the one that ends the initial events, marked
  // by the annotation kInitialEventsEnd.
  virtual void AppendBookmark(store::Revision revision, bool initial_end,
                              std::string* out) const = 0;
};

// The body of a watch: a cursor with a filter on a cache's ring. It queues nothing; one that is
// too slow falls off the ring and gets 410 Expired in the stream.
class WatchStream : public BodyStream {
 public:
  struct Options {
    EntryFilter filter;
    bool bookmarks = false;
    bool mark_initial_end = false;  // a bookmark follows the synthetic events at once
    Duration timeout{};
    Duration bookmark_interval = std::chrono::seconds(60);
    std::shared_ptr<const ObjectFormat> format;
  };

  // Synthetic ADDED events for the present state, then live ones.
  static std::unique_ptr<WatchStream> FromNow(ResourceCache* cache, Timer* timer, Options options);
  // Live events alone.
  static std::unique_ptr<WatchStream> AfterNow(ResourceCache* cache, Timer* timer, Options options);
  // Events after `revision`; kExpired when history does not reach back so far.
  static Result<std::unique_ptr<WatchStream>> After(ResourceCache* cache, Timer* timer,
                                                    store::Revision revision, Options options);
  ~WatchStream() override;

  State Pull(std::string* out, size_t max) override;
  void OnReady(std::function<void()> wake) override;

 private:
  WatchStream(ResourceCache* cache, Timer* timer, ResourceCache::Attached at, Options options);
  // True when the initial state is through.
  bool PullInitial(std::string* out, size_t limit);
  void Append(const CacheEvent& event, std::string* out);
  void AppendObject(const char* type, const Entry& entry, std::string* out);
  void AppendError(const Error& error, std::string* out);
  void AppendBookmark(bool initial_end, std::string* out);
  State Idle(std::string* out);
  MonoTime NextDue() const;

  ResourceCache* const cache_;
  Timer* const timer_;
  const Options options_;
  const uint64_t incarnation_;
  const MonoTime end_;

  Tree::Iterator initial_;
  ResourceCache::Cursor cursor_;
  store::Revision seen_;  // events up to here were sent, or are of no interest
  bool first_ = true;
  bool initial_end_due_;
  bool ended_ = false;
  MonoTime next_bookmark_;
  std::shared_ptr<ReadySignal> signal_ = std::make_shared<ReadySignal>();
  Timer::Id timer_id_ = 0;
  MonoTime timer_at_{};
};

}  // namespace gantry::apiserver
