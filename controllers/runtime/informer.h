#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "apis/client/client.h"
#include "apis/machinery/base/random.h"
#include "controllers/runtime/store.h"

namespace gantry::runtime {

// What happened to an object: added (`before` null), changed, or deleted (`after` null). A periodic
// resync looks like a change from an object to itself. Called on the informer's thread, one at a
// time, after the store has the change; must not block.
using EventHandler = std::function<void(const ObjectPtr& before, const ObjectPtr& after)>;

struct InformerOptions {
  // Keep only name, uid, revision, owners, finalizers and the time of deletion, and no index: a
  // tenth of an object, where a process has to know all of them.
  bool ownership_only = false;
  Duration resync{};  // hand every object to the handlers this often; 0: never
  Duration min_backoff = std::chrono::milliseconds(200);
  Duration max_backoff = std::chrono::seconds(30);
  int page_size = 500;
};

// Keeps a cache of all objects of one kind: lists by pages, watches from the list's revision,
// resumes a broken watch from the last revision seen, and lists again when the server says that
// history is gone (410). Failures are retried for ever, with jittered backoff. Thread-safe.
class Informer {
 public:
  // `clock` and `random` outlive the informer.
  Informer(client::Client client, client::Resource resource, Clock* clock, Random* random,
           InformerOptions options = {});
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  // `handler` first sees every object that is cached as added. Handlers stay for ever.
  void AddHandler(EventHandler handler);
  void AddIndex(const std::string& name, IndexFunction fn) { store_.AddIndex(name, std::move(fn)); }

  // Starts the informer's thread. Calling it again does nothing.
  void Start();
  // Ends and joins the thread. The cache stays readable.
  void Stop();

  // The first list is in the cache and was handed to the handlers.
  bool HasSynced() const { return synced_; }
  // Waits for HasSynced; ends early with `ctx`.
  Status WaitForSync(const Context& ctx) const;

  const Lister& lister() const { return store_; }
  const client::Resource& resource() const { return resource_; }

 private:
  void Run();
  // Lists everything and brings store and handlers to that state; sets *revision.
  Status ListOnce(std::string* revision);
  // Watches from *revision until the stream ends; *progress says whether anything arrived.
  Status WatchOnce(std::string* revision, bool* progress);
  ObjectPtr Strip(Object object) const;
  void Apply(ObjectPtr object);
  void Drop(const ObjectKey& key, ObjectPtr last);
  void Deliver(const ObjectPtr& before, const ObjectPtr& after) REQUIRES(delivery_mu_);
  void ResyncIfDue();
  // min_backoff doubled with each failure, up to max_backoff, of which the upper half is random.
  Duration Backoff(int failures) const;

  const client::Client client_;
  const client::Resource resource_;
  Clock* const clock_;
  Random* const random_;
  const InformerOptions options_;
  const Context ctx_;
  ObjectStore store_;  // its own synchronisation
  std::atomic<bool> synced_{false};
  std::atomic<int64_t> next_resync_{0};  // nanoseconds of the clock's Mono()

  // Orders deliveries; handlers run under it, so they never see two changes at once. Taken before
  // the store's lock.
  Mutex delivery_mu_;
  std::vector<EventHandler> handlers_ GUARDED_BY(delivery_mu_);

  mutable Mutex mu_;
  mutable CondVar sync_changed_;
  bool started_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace gantry::runtime
