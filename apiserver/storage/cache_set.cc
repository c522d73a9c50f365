#include "apiserver/storage/cache_set.h"

#include <algorithm>

#include "apis/machinery/base/log.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {
constexpr size_t kLoadPage = 2000;
}

CacheSet::CacheSet(store::Store* store, const ManagedRenderer* render, Options options)
    : store_(store), render_(render), options_(options) {}

CacheSet::~CacheSet() { Stop(); }

void CacheSet::SetHook(const GroupResource& resource, Hook hook) {
  hooks_[resource] = std::move(hook);
}

Status CacheSet::Start(const Context& ctx) {
  const store::Revision current = store_->current_revision();
  const store::Revision at = std::max(store_->horizon(), current - options_.replay);
  if (at > 0) {
    Status loaded = Load(at);
    // Old versions may need a key that is gone; today's do not.
    if (!loaded.ok() && loaded.code() == Code::kDataLoss && at < current) {
      LOG_WARN("history is not read, watches begin now", {"error", loaded.error()});
      loaded = Load(current);
    }
    GANTRY_TRY(loaded);
  }
  GANTRY_TRY_SET(watch_, store_->Watch("/", applied_.load(),
                                       [this](const auto& batch) { return OnEvents(batch); }));
  while (revision() < current) {
    GANTRY_TRY(Health());
    GANTRY_TRY(ctx.SleepFor(std::chrono::milliseconds(1)));
  }
  return OkStatus();
}

void CacheSet::Stop() {
  watch_.reset();
  std::vector<ResourceCache*> all;
  {
    MutexLock lock(&mu_);
    for (const auto& [resource, cache] : caches_) all.push_back(cache.get());
  }
  for (ResourceCache* cache : all) {
    cache->CloseWatches();
    cache->Notify();
  }
}

ResourceCache* CacheSet::Get(const GroupResource& resource) {
  MutexLock lock(&mu_);
  std::unique_ptr<ResourceCache>& cache = caches_[resource];
  if (!cache) cache = std::make_unique<ResourceCache>(&applied_, options_.ring, start_);
  return cache.get();
}

void CacheSet::WaitUntil(store::Revision revision, std::function<void()> fn) {
  {
    MutexLock lock(&mu_);
    if (applied_.load() < revision) {
      waiting_.emplace(revision, std::move(fn));
      return;
    }
  }
  fn();
}

void CacheSet::SetTransform(const GroupResource& resource, RecordTransform transform) {
  ResourceCache* const cache = Get(resource);
  if (cache->transform.convert && cache->transform.identity == transform.identity) return;
  cache->transform = std::move(transform);
  const Tree tree = cache->Newest();
  std::vector<EntryPtr> entries;
  bool stale = false;
  for (Tree::Iterator it(tree, ""); it.Valid(); it.Next()) {
    const Entry& old = *it.entry();
    EntryPtr entry = it.entry();
    if (!cache->transform.fits(old.header())) {
      stale = true;
      auto made = MakeEntry(*cache, old.key(), old.Record(), old.revision());
      if (made.ok()) entry = *std::move(made);
    }
    entries.push_back(std::move(entry));
  }
  if (!stale && tree.size() > 0) return;
  cache->Rebuild(entries);
  closed_.push_back(cache);
}

void CacheSet::CloseWatches(const GroupResource& resource) {
  ResourceCache* const cache = Get(resource);
  cache->CloseWatches();
  closed_.push_back(cache);
}

std::vector<std::pair<GroupResource, const ResourceCache*>> CacheSet::All() const {
  std::vector<std::pair<GroupResource, const ResourceCache*>> all;
  MutexLock lock(&mu_);
  all.reserve(caches_.size());
  for (const auto& [resource, cache] : caches_) all.emplace_back(resource, cache.get());
  return all;
}

Status CacheSet::Health() const {
  MutexLock lock(&mu_);
  return health_;
}

Result<EntryPtr> CacheSet::MakeEntry(const ResourceCache& cache, std::string_view relative,
                                     std::string_view record, store::Revision revision) const {
  GANTRY_TRY_SET(const RecordHeader header, DecodeHeader(record));
  if (cache.transform.convert && !cache.transform.fits(header)) {
    Result<std::string> converted = cache.transform.convert(record);
    if (converted.ok()) {
      return Entry::Make(std::string(relative), *converted, revision, render_);
    }
    LOG_WARN("stored object does not fit the present schema", {"key", relative},
             {"error", converted.error()});
  }
  return Entry::Make(std::string(relative), record, revision, render_);
}

Status CacheSet::ForEach(std::string_view prefix, store::Revision at, const Visit& visit) {
  store::ListOptions page;
  page.limit = kLoadPage;
  page.at = at;
  while (true) {
    GANTRY_TRY_SET(const store::ListResult list, store_->List(prefix, page));
    for (const store::Record& r : list.records) {
      GroupResource resource;
      std::string_view relative;
      if (SplitStoreKey(r.key, &resource, &relative)) GANTRY_TRY(visit(resource, relative, r));
    }
    if (!list.more) return OkStatus();
    page.start = list.records.back().key + '\0';
  }
}

Status CacheSet::Load(store::Revision at) {
  // Hooks first: they say how the records of other resources are read.
  for (const auto& [resource, hook] : hooks_) {
    GANTRY_TRY(ForEach(ResourcePrefix(resource), at,
                       [this, &hook = hook](const GroupResource&, std::string_view relative,
                                            const store::Record& r) -> Status {
                         GANTRY_TRY_SET(
                             const EntryPtr entry,
                             Entry::Make(std::string(relative), r.value, r.mod_revision, render_));
                         hook(*entry, false);
                         return OkStatus();
                       }));
  }
  std::map<GroupResource, std::vector<EntryPtr>> entries;
  GANTRY_TRY(ForEach("/", at,
                     [&](const GroupResource& resource, std::string_view relative,
                         const store::Record& r) -> Status {
                       GANTRY_TRY_SET(EntryPtr entry,
                                      MakeEntry(*Get(resource), relative, r.value, r.mod_revision));
                       entries[resource].push_back(std::move(entry));
                       return OkStatus();
                     }));
  for (const auto& [resource, sorted] : entries) Get(resource)->Load(sorted, at);
  {
    // History begins at the same revision for a resource that had no objects then.
    MutexLock lock(&mu_);
    start_ = at;
    for (const auto& [resource, cache] : caches_) {
      if (entries.count(resource) == 0) cache->Load({}, at);
    }
  }
  applied_ = at;
  return OkStatus();
}

bool CacheSet::OnEvents(const std::vector<store::Event>& batch) {
  std::vector<ResourceCache*> touched;
  for (const store::Event& event : batch) Apply(event, &touched);
  if (!batch.empty()) Publish(batch.back().revision, touched);
  return true;
}

void CacheSet::Apply(const store::Event& event, std::vector<ResourceCache*>* touched) {
  GroupResource resource;
  std::string_view relative;
  if (event.type == store::Event::Type::kProgress) return;
  if (event.type == store::Event::Type::kLost) {
    MutexLock lock(&mu_);
    health_ = Error(Code::kDataLoss, "the store's watch ended: a stored value cannot be read");
    return;
  }
  if (!SplitStoreKey(event.key, &resource, &relative)) return;
  ResourceCache* const cache = Get(resource);
  Result<EntryPtr> entry = MakeEntry(*cache, relative, event.value, event.revision);
  if (!entry.ok()) {
    LOG_ERROR("stored object does not decode", {"key", event.key}, {"error", entry.error()});
    MutexLock lock(&mu_);
    health_ = std::move(entry).error().Wrap(event.key);
    return;
  }
  const bool deleted = event.type == store::Event::Type::kDelete;
  if (const auto hook = hooks_.find(resource); hook != hooks_.end()) hook->second(**entry, deleted);
  if (deleted) {
    cache->ApplyDelete(relative, *std::move(entry));
  } else {
    cache->ApplyPut(*std::move(entry));
  }
  if (std::find(touched->begin(), touched->end(), cache) == touched->end()) {
    touched->push_back(cache);
  }
}

void CacheSet::Publish(store::Revision revision, const std::vector<ResourceCache*>& touched) {
  std::vector<std::function<void()>> due;
  {
    MutexLock lock(&mu_);
    applied_ = revision;
    const auto end = waiting_.upper_bound(revision);
    for (auto it = waiting_.begin(); it != end; ++it) due.push_back(std::move(it->second));
    waiting_.erase(waiting_.begin(), end);
  }
  for (const auto& fn : due) fn();
  for (ResourceCache* cache : touched) cache->Notify();
  for (ResourceCache* cache : closed_) cache->Notify();
  closed_.clear();
}

}  // namespace gantry::apiserver
