#include "apiserver/registry/kind.h"

#include "apiserver/registry/codec.h"

namespace gantry::apiserver {

namespace {

class Hash {
 public:
  void Add(std::string_view text) {
    for (const char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * kPrime;
    value_ = (value_ ^ 0xff) * kPrime;
  }
  uint64_t value() const { return value_; }

 private:
  static constexpr uint64_t kPrime = 1099511628211u;
  uint64_t value_ = 14695981039346656037u;
};

}  // namespace

uint64_t Kind::EpochOf(std::string_view version) const {
  const auto it = epochs.find(version);
  return it == epochs.end() ? 0 : it->second;
}

uint64_t VersionEpoch(const schema::Definition& definition, const schema::Version& version) {
  Hash hash;
  hash.Add(version.name);
  hash.Add(DumpJson(version.schema->openapi()));
  for (const std::string& path : SelectablePaths(definition)) hash.Add(path);
  return std::max<uint64_t>(hash.value(), 1);
}

uint64_t DefinitionFingerprint(const schema::Definition& definition) {
  Hash hash;
  for (const schema::Version& version : definition.versions) {
    hash.Add(std::to_string(VersionEpoch(definition, version)));
    hash.Add(version.served ? "served" : "");
    hash.Add(version.storage ? "storage" : "");
  }
  if (definition.webhook) {
    hash.Add(definition.webhook->server);
    hash.Add(definition.webhook->path);
    hash.Add(definition.webhook->ca_pem);
  }
  return hash.value();
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
