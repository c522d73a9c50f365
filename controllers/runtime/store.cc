#include "controllers/runtime/store.h"

#include <charconv>

#include "apis/gantry.dev/v1/resources.h"

namespace gantry::runtime {
namespace {

IndexFunction LabelIndex(const char* label) {
  return [label](const Object& o) {
    std::vector<std::string> out;
    if (const std::string_view v = o.label(label); !v.empty())
      out.push_back(std::string(o.ns()) + "/" + std::string(v));
    return out;
  };
}

}  // namespace

int64_t ParseRevision(std::string_view resource_version) {
  int64_t value = 0;
  const char* end = resource_version.data() + resource_version.size();
  const auto [rest, error] = std::from_chars(resource_version.data(), end, value);
  return error == std::errc() && rest == end ? value : 0;
}

ObjectStore::ObjectStore(Indexes indexes) {
  if (indexes == Indexes::kNone) return;
  AddIndex(kIndexNamespace,
           [](const Object& o) { return std::vector<std::string>{std::string(o.ns())}; });
  AddIndex(kIndexOwner, [](const Object& o) {
    std::vector<std::string> out;
    for (OwnerReference& r : o.owner_references()) out.push_back(std::move(r.uid));
    return out;
  });
  AddIndex(kIndexNode, [](const Object& o) {
    std::vector<std::string> out;
    if (std::string node = GetString(o.spec(), "nodeName"); !node.empty())
      out.push_back(std::move(node));
    return out;
  });
  AddIndex(kIndexApplication, LabelIndex(v1::kLabelApplication));
  AddIndex(kIndexService, LabelIndex(v1::kLabelService));
}

void ObjectStore::AddIndex(const std::string& name, IndexFunction fn) {
  MutexLock lock(&mu_);
  Index& index = indexes_[name];
  index.values_of = std::move(fn);
  index.keys.clear();
  for (const auto& [key, object] : objects_) Insert(&index, *object);
}

void ObjectStore::Insert(Index* index, const Object& object) {
  for (const std::string& value : index->values_of(object)) index->keys[value].insert(object.key());
}

void ObjectStore::Erase(Index* index, const Object& object) {
  for (const std::string& value : index->values_of(object)) {
    const auto it = index->keys.find(value);
    if (it == index->keys.end()) continue;
    it->second.erase(object.key());
    if (it->second.empty()) index->keys.erase(it);
  }
}

ObjectPtr ObjectStore::Put(ObjectPtr object) {
  MutexLock lock(&mu_);
  ObjectPtr& slot = objects_[object->key()];
  ObjectPtr before = std::exchange(slot, object);
  for (auto& [name, index] : indexes_) {
    if (before) Erase(&index, *before);
    Insert(&index, *object);
  }
  return before;
}

ObjectPtr ObjectStore::Remove(const ObjectKey& key) {
  MutexLock lock(&mu_);
  const auto it = objects_.find(key);
  if (it == objects_.end()) return nullptr;
  ObjectPtr before = it->second;
  objects_.erase(it);
  for (auto& [name, index] : indexes_) Erase(&index, *before);
  return before;
}

void ObjectStore::set_revision(int64_t revision) {
  MutexLock lock(&mu_);
  revision_ = revision;
}

std::vector<ObjectKey> ObjectStore::Keys() const {
  MutexLock lock(&mu_);
  std::vector<ObjectKey> out;
  out.reserve(objects_.size());
  for (const auto& [key, object] : objects_) out.push_back(key);
  return out;
}

ObjectPtr ObjectStore::Get(const ObjectKey& key) const {
  MutexLock lock(&mu_);
  const auto it = objects_.find(key);
  return it == objects_.end() ? nullptr : it->second;
}

std::vector<ObjectPtr> ObjectStore::List() const {
  MutexLock lock(&mu_);
  std::vector<ObjectPtr> out;
  out.reserve(objects_.size());
  for (const auto& [key, object] : objects_) out.push_back(object);
  return out;
}

std::vector<ObjectPtr> ObjectStore::ByIndex(std::string_view index, std::string_view value) const {
  MutexLock lock(&mu_);
  std::vector<ObjectPtr> out;
  const auto i = indexes_.find(index);
  if (i == indexes_.end()) return out;
  const auto hits = i->second.keys.find(std::string(value));
  if (hits == i->second.keys.end()) return out;
  out.reserve(hits->second.size());
  for (const ObjectKey& key : hits->second) {
    if (const auto it = objects_.find(key); it != objects_.end()) out.push_back(it->second);
  }
  return out;
}

size_t ObjectStore::size() const {
  MutexLock lock(&mu_);
  return objects_.size();
}

int64_t ObjectStore::revision() const {
  MutexLock lock(&mu_);
  return revision_;
}

}  // namespace gantry::runtime
