#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/context.h"
#include "apis/machinery/meta/gvk.h"
#include "apiserver/storage/cache.h"
#include "store/store.h"

namespace gantry::apiserver {

// The caches of all resources, fed by one watch of the whole store. Thread-safe unless noted.
class CacheSet {
 public:
  struct Options {
    RingLimits ring;
    // How many revisions of history a start replays, so that watches can resume across a restart.
    store::Revision replay = 10000;
  };
  // Called on the feeder's thread for each object at start, and for each change before anyone sees
  // it; `entry` is the last state when `deleted`. It may call SetTransform.
  using Hook = std::function<void(const Entry& entry, bool deleted)>;

  // `store` and `render` must outlive this.
  CacheSet(store::Store* store, const ManagedRenderer* render, Options options);
  ~CacheSet();
  CacheSet(const CacheSet&) = delete;
  CacheSet& operator=(const CacheSet&) = delete;

  // Before Start.
  void SetHook(const GroupResource& resource, Hook hook);
  // Loads everything and begins to follow the store; returns when the caches are current.
  Status Start(const Context& ctx);
  // Ends the store watch and lets every watcher see the end of its stream. Reads go on; no call may
  // wait then.
  void Stop();

  // The cache of a resource; made when absent. Lives as long as this.
  ResourceCache* Get(const GroupResource& resource);
  // Everything up to here is in the caches.
  store::Revision revision() const { return applied_.load(); }
  // Calls `fn` once revision() >= `revision`: at once, or on the feeder's thread (so be quick).
  void WaitUntil(store::Revision revision, std::function<void()> fn);

  // Records of `resource` that do not fit are rewritten from now on, those in the cache at once;
  // then open watches end. Only from a hook, or before Start.
  void SetTransform(const GroupResource& resource, RecordTransform transform);

  // Ends the watches of `resource`: nobody serves it any more. Only from a hook.
  void CloseWatches(const GroupResource& resource);

  // All caches there are, in order. They live as long as this.
  std::vector<std::pair<GroupResource, const ResourceCache*>> All() const;

  // Ok while the feeder follows the store.
  Status Health() const;

 private:
  bool OnEvents(const std::vector<store::Event>& batch);
  void Apply(const store::Event& event, std::vector<ResourceCache*>* touched);
  Result<EntryPtr> MakeEntry(const ResourceCache& cache, std::string_view relative,
                             std::string_view record, store::Revision revision) const;
  using Visit = std::function<Status(const GroupResource& resource, std::string_view relative,
                                     const store::Record& record)>;
  // Visits what is stored, page by page, in the order of keys; ends with the first error.
  Status ForEach(std::string_view prefix, store::Revision at, const Visit& visit);
  Status Load(store::Revision at);
  void Publish(store::Revision revision, const std::vector<ResourceCache*>& touched);

  // Constant after Start.
  store::Store* const store_;
  const ManagedRenderer* const render_;
  const Options options_;
  std::map<GroupResource, Hook> hooks_;

  std::atomic<store::Revision> applied_{0};
  mutable Mutex mu_;
  std::map<GroupResource, std::unique_ptr<ResourceCache>> caches_ GUARDED_BY(mu_);
  store::Revision start_ GUARDED_BY(mu_) = 0;  // history begins here
  std::multimap<store::Revision, std::function<void()>> waiting_ GUARDED_BY(mu_);
  Status health_ GUARDED_BY(mu_);
  std::vector<ResourceCache*> closed_;  // to be notified; the feeder's own
  std::unique_ptr<store::WatchHandle> watch_;
};

}  // namespace gantry::apiserver
