#include "controllers/runtime/own_writes.h"

namespace gantry::runtime {

void OwnWrites::Wrote(const ObjectKey& owner, Object answer) {
  Entry entry;
  entry.uid = answer.uid();
  entry.revision = ParseRevision(answer.resource_version());
  if (entry.revision == 0) return;
  const ObjectKey key = answer.key();
  if (answer.json().contains("metadata")) answer.Meta().erase("managedFields");
  entry.object = std::make_shared<const Object>(std::move(answer));
  MutexLock lock(&mu_);
  by_owner_[owner][key] = std::move(entry);
}

void OwnWrites::Deleted(const ObjectKey& owner, const Object& object, const Object& answer) {
  if (answer.deleting() && answer.uid() == object.uid() && !answer.finalizers().empty()) {
    Wrote(owner, answer);
    return;
  }
  Entry entry;
  entry.uid = object.uid();
  entry.revision = ParseRevision(object.resource_version());
  MutexLock lock(&mu_);
  by_owner_[owner][object.key()] = std::move(entry);
}

void OwnWrites::Forget(const ObjectKey& owner) {
  MutexLock lock(&mu_);
  by_owner_.erase(owner);
}

bool OwnWrites::Seen(const ObjectKey& key, const Entry& entry, int64_t cache_revision) const {
  const ObjectPtr cached = lister_->Get(key);
  if (!entry.object) {
    if (cached) return cached->uid() != entry.uid;
    return cache_revision >= entry.revision;  // else the cache has not even seen it made
  }
  if (cached && ParseRevision(cached->resource_version()) >= entry.revision) return true;
  return cache_revision >= entry.revision;
}

std::vector<ObjectPtr> OwnWrites::Overlay(const ObjectKey& owner, std::vector<ObjectPtr> cached) {
  MutexLock lock(&mu_);
  const auto it = by_owner_.find(owner);
  if (it == by_owner_.end()) return cached;
  std::map<ObjectKey, ObjectPtr> merged;
  for (ObjectPtr& o : cached) merged[o->key()] = std::move(o);
  // Read before the entries are compared: what the cache learns meanwhile only makes it newer.
  const int64_t revision = lister_->revision();
  for (auto entry = it->second.begin(); entry != it->second.end();) {
    if (Seen(entry->first, entry->second, revision)) {
      // `cached` may be older than the cache is by now.
      if (const ObjectPtr now = lister_->Get(entry->first)) merged[entry->first] = now;
      else merged.erase(entry->first);
      entry = it->second.erase(entry);
      continue;
    }
    if (entry->second.object) merged[entry->first] = entry->second.object;
    else merged.erase(entry->first);
    ++entry;
  }
  if (it->second.empty()) by_owner_.erase(it);
  std::vector<ObjectPtr> out;
  for (auto& [key, object] : merged) out.push_back(std::move(object));
  return out;
}

}  // namespace gantry::runtime
