#include "controllers/runtime/informer.h"

#include <algorithm>

#include "apis/machinery/base/log.h"
#include "controllers/runtime/metrics.h"

namespace gantry::runtime {

Informer::Informer(client::Client client, client::Resource resource, Clock* clock, Random* random,
                   InformerOptions options)
    : client_(std::move(client)),
      resource_(std::move(resource)),
      clock_(clock),
      random_(random),
      options_(options),
      ctx_(Context().WithCancel()),
      store_(options.ownership_only ? ObjectStore::Indexes::kNone
                                    : ObjectStore::Indexes::kStandard) {}

Informer::~Informer() { Stop(); }

void Informer::AddHandler(EventHandler handler) {
  MutexLock lock(&delivery_mu_);
  for (const ObjectPtr& object : store_.List()) handler(nullptr, object);
  handlers_.push_back(std::move(handler));
}

void Informer::Start() {
  MutexLock lock(&mu_);
  if (started_) return;
  started_ = true;
  thread_ = std::thread([this] { Run(); });
}

void Informer::Stop() {
  ctx_.Cancel();
  std::thread thread;
  {
    MutexLock lock(&mu_);
    thread = std::move(thread_);
    sync_changed_.SignalAll();
  }
  if (thread.joinable()) thread.join();
}

Status Informer::WaitForSync(const Context& ctx) const {
  const auto guard = ctx.OnCancel([this] {
    MutexLock lock(&mu_);
    sync_changed_.SignalAll();
  });
  MutexLock lock(&mu_);
  while (!synced_) {
    GANTRY_TRY(ctx.Check());
    GANTRY_TRY(ctx_.Check());
    if (const auto deadline = ctx.deadline()) {
      sync_changed_.WaitUntil(&mu_, *deadline);
    } else {
      sync_changed_.Wait(&mu_);
    }
  }
  return OkStatus();
}

Duration Informer::Backoff(int failures) const {
  Duration delay = options_.max_backoff;
  if (failures < 20) delay = std::min(delay, options_.min_backoff * (int64_t{1} << failures));
  const auto half = static_cast<uint64_t>(delay.count() / 2 + 1);
  return delay / 2 + Duration(static_cast<int64_t>(random_->Next() % half));
}

void Informer::Run() {
  std::string revision;
  int failures = 0;
  while (!ctx_.cancelled()) {
    bool progress = false;
    Status status;
    if (revision.empty()) {
      status = ListOnce(&revision);
      progress = status.ok();
      if (status.ok()) continue;
    } else {
      status = WatchOnce(&revision, &progress);
    }
    if (ctx_.cancelled()) return;
    if (progress) failures = 0;
    if (status.code() == Code::kExpired) {
      revision.clear();  // the server forgot that far back: list again
      Metrics().relists.Add({{"resource", resource_.plural}}).Increment();
      if (failures++ == 0) continue;
    } else if (status.code() == Code::kUnavailable && progress) {
      continue;  // the normal end of a watch
    } else {
      LOG_DEBUG("informer will retry", {"resource", resource_.plural}, {"error", status.error()});
      ++failures;
    }
    if (failures == 5)
      LOG_WARN("informer cannot follow the server", {"resource", resource_.plural},
               {"error", status.error()});
    ctx_.SleepFor(Backoff(std::max(0, failures - 1))).IgnoreError();
  }
}

Status Informer::ListOnce(std::string* revision) {
  std::map<ObjectKey, ObjectPtr> found;
  client::ListOptions options;
  options.limit = options_.page_size;
  std::string list_revision;
  do {
    GANTRY_TRY_SET(client::List page, client_.ListPage(ctx_, resource_, "", options));
    if (list_revision.empty()) list_revision = page.resource_version;
    for (Object& o : page.items) {
      ObjectPtr object = Strip(std::move(o));
      found[object->key()] = std::move(object);
    }
    options.continue_token = std::move(page.continue_token);
  } while (!options.continue_token.empty());

  for (const ObjectKey& key : store_.Keys()) {
    if (!found.count(key)) Drop(key, nullptr);
  }
  for (auto& [key, object] : found) Apply(std::move(object));
  store_.set_revision(ParseRevision(list_revision));
  *revision = list_revision;
  {
    MutexLock lock(&mu_);
    synced_ = true;
    sync_changed_.SignalAll();
  }
  next_resync_ = (clock_->Mono().time_since_epoch() + options_.resync).count();
  return OkStatus();
}

Status Informer::WatchOnce(std::string* revision, bool* progress) {
  client::ListOptions options;
  options.resource_version = *revision;
  GANTRY_TRY_SET(std::unique_ptr<client::Watcher> watcher,
                 client_.Watch(ctx_, resource_, "", options));
  const auto guard = ctx_.OnCancel([&watcher] { watcher->Close(); });
  while (true) {
    GANTRY_TRY_SET(client::WatchEvent event, watcher->Next());
    *progress = true;
    std::string seen(event.object.resource_version());
    switch (event.type) {
      case client::WatchEvent::Type::kAdded:
      case client::WatchEvent::Type::kModified: Apply(Strip(std::move(event.object))); break;
      case client::WatchEvent::Type::kDeleted: {
        const ObjectKey key = event.object.key();
        Drop(key, Strip(std::move(event.object)));
        break;
      }
      case client::WatchEvent::Type::kBookmark: break;
    }
    if (!seen.empty()) {
      store_.set_revision(ParseRevision(seen));
      *revision = std::move(seen);
    }
    ResyncIfDue();
  }
}

ObjectPtr Informer::Strip(Object object) const {
  if (options_.ownership_only) {
    Json kept = Json::object();
    for (const char* field : {"name", "namespace", "uid", "resourceVersion", "ownerReferences",
                              "finalizers", "deletionTimestamp"}) {
      const auto it = object.meta().find(field);
      if (it != object.meta().end()) kept[field] = *it;
    }
    return std::make_shared<const Object>(Object(Json{{"metadata", std::move(kept)}}));
  }
  if (object.json().contains("metadata")) object.Meta().erase("managedFields");
  if (object.kind().empty()) object.set_gvk(resource_.gvk());
  return std::make_shared<const Object>(std::move(object));
}

void Informer::Apply(ObjectPtr object) {
  MutexLock lock(&delivery_mu_);
  const ObjectPtr had = store_.Get(object->key());
  // A list after a broken watch repeats what is known.
  if (had && had->uid() == object->uid() && had->resource_version() == object->resource_version())
    return;
  const ObjectPtr before = store_.Put(object);
  if (before && before->uid() != object->uid()) {  // deleted and made anew between two lists
    Deliver(before, nullptr);
    Deliver(nullptr, object);
    return;
  }
  Deliver(before, object);
}

void Informer::Drop(const ObjectKey& key, ObjectPtr last) {
  MutexLock lock(&delivery_mu_);
  ObjectPtr before = store_.Remove(key);
  if (before) Deliver(last ? last : before, nullptr);
}

void Informer::Deliver(const ObjectPtr& before, const ObjectPtr& after) {
  for (const EventHandler& handler : handlers_) handler(before, after);
}

void Informer::ResyncIfDue() {
  if (options_.resync <= Duration::zero()) return;
  const int64_t now = clock_->Mono().time_since_epoch().count();
  if (now < next_resync_) return;
  next_resync_ = now + options_.resync.count();
  MutexLock lock(&delivery_mu_);
  for (const ObjectPtr& object : store_.List()) Deliver(object, object);
}

}  // namespace gantry::runtime
