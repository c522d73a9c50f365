#include "apiserver/registry/kind.h"

namespace gantry::apiserver {

uint64_t DefinitionEpoch(const schema::Definition& definition) {
  uint64_t hash = 14695981039346656037u;
  const auto add = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    hash = (hash ^ 0xff) * 1099511628211u;
  };
  const schema::Version& version = definition.StorageVersion();
  add(version.name);
  add(DumpJson(version.schema->openapi()));
  for (const schema::JsonPath& path : version.selectable_fields) add(path.text());
  return hash;
}

std::shared_ptr<const KindSet> KindRegistry::Snapshot() const {
  MutexLock lock(&mu_);
  return set_;
}

Result<Target> KindRegistry::Find(std::string_view group, std::string_view version,
                                  std::string_view resource) const {
  const std::shared_ptr<const KindSet> set = Snapshot();
  const auto it = set->kinds.find({std::string(group), std::string(resource)});
  if (it != set->kinds.end()) {
    if (const schema::Version* v = it->second->def().FindVersion(version); v != nullptr) {
      return Target{it->second, v};
    }
  }
  return Error(Code::kNotFound, "the server could not find the requested resource");
}

void KindRegistry::Put(std::shared_ptr<const Kind> kind) {
  MutexLock lock(&mu_);
  auto next = std::make_shared<KindSet>(*set_);
  ++next->generation;
  next->kinds[kind->def().group_resource()] = std::move(kind);
  set_ = std::move(next);
}

void KindRegistry::Remove(const GroupResource& resource) {
  MutexLock lock(&mu_);
  auto next = std::make_shared<KindSet>(*set_);
  ++next->generation;
  next->kinds.erase(resource);
  set_ = std::move(next);
}

}  // namespace gantry::apiserver
