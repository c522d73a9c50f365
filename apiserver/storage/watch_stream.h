#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/metrics.h"
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
  // The same for one of many entries that are written once, and whose form is not to be kept.
  virtual void AppendOnce(const Entry& entry, bool first, std::string* out) const = 0;
  // Appends the object of a bookmark; `initial_end`: the one that ends the initial events, marked
  // by the annotation kInitialEventsEnd.
  virtual void AppendBookmark(store::Revision revision, bool initial_end,
                              std::string* out) const = 0;
};

// Shows entries as a watch wants them, when that takes time: a webhook converts them. Immutable.
class EntryView {
 public:
  using Done = std::function<void(Result<std::vector<EntryPtr>> shown)>;
  virtual ~EntryView() = default;
  // Whether the entry is shown as it is.
  virtual bool Fits(const Entry& entry) const = 0;
  // Calls `done` once, from another thread, with what stands for the entries, in order.
  virtual void Show(std::vector<EntryPtr> entries, Done done) const = 0;
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
    std::shared_ptr<const EntryView> view;  // null: entries are shown as they are
    prometheus::Counter* events = nullptr;  // may be null, as may be
    prometheus::Histogram* sizes = nullptr;
  };

  // Synthetic ADDED events for the present state, then live ones.
  static std::unique_ptr<WatchStream> FromNow(ResourceCache* cache, Timer* timer, Options options);
  // Live events alone.
  static std::unique_ptr<WatchStream> AfterNow(ResourceCache* cache, Timer* timer, Options options);
  // Events after `revision`; kExpired when history does not reach back so far.
  static Result<std::unique_ptr<WatchStream>> After(ResourceCache* cache, Timer* timer,
                                                    store::Revision revision, Options options);
  ~WatchStream() override;

  // How far this stream is; valid as long as the cache is.
  std::shared_ptr<const WatchReport> report() const;

  State Pull(std::string* out, size_t max) override;
  void OnReady(std::function<void()> wake) override;

 private:
  WatchStream(ResourceCache* cache, Timer* timer, ResourceCache::Attached at, Options options);
  // What was asked of the view, and its answer.
  struct Showing {
    Mutex mu;
    std::vector<EntryPtr> asked;  // constant
    std::optional<Result<std::vector<EntryPtr>>> answer GUARDED_BY(mu);
  };

  class Progress;

  // True when the initial state is through; else *state says why not.
  bool PullInitial(std::string* out, size_t limit, State* state);
  // True when all entries that are not shown as they are are in shown_; else *state says why not.
  bool AllShown(const std::vector<EntryPtr>& entries, std::string* out, State* state);
  // What stands for an entry.
  const Entry& Shown(const EntryPtr& entry) const;
  // The entries of events that concern this watch.
  std::vector<EntryPtr> EntriesOf(const ResourceCache::Read& read) const;
  void Append(const CacheEvent& event, std::string* out);
  // `once`: of the state at the start, not an event that other watches have, too.
  void AppendObject(const char* type, const Entry& entry, bool once, std::string* out);
  void AppendError(const Error& error, std::string* out);
  void AppendBookmark(bool initial_end, std::string* out);
  State Idle(std::string* out);
  MonoTime NextDue() const;

  ResourceCache* const cache_;
  Timer* const timer_;
  const Options options_;
  const std::shared_ptr<Progress> progress_;
  const uint64_t incarnation_;
  const MonoTime end_;

  Tree::Iterator initial_;
  std::vector<EntryPtr> initial_batch_;  // taken from initial_, not yet sent
  std::shared_ptr<Showing> showing_;     // null: nothing is asked of the view
  std::map<EntryPtr, EntryPtr> shown_;
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
