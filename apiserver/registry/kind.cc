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
  if (!snapshot_) snapshot_ = std::make_shared<const KindSet>(now_);
  return snapshot_;
}

std::shared_ptr<const Kind> KindRegistry::Get(const GroupResource& resource) const {
  MutexLock lock(&mu_);
  const auto it = now_.kinds.find(resource);
  return it == now_.kinds.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<const Kind>> KindRegistry::InGroup(const std::string& group) const {
  std::vector<std::shared_ptr<const Kind>> found;
  MutexLock lock(&mu_);
  for (auto it = now_.kinds.lower_bound({group, ""});
       it != now_.kinds.end() && it->first.group == group; ++it) {
    found.push_back(it->second);
  }
  return found;
}

Result<Target> KindRegistry::Find(std::string_view group, std::string_view version,
                                  std::string_view resource) const {
  const auto kind = Get({std::string(group), std::string(resource)});
  if (kind != nullptr) {
    if (const schema::Version* v = kind->def().FindVersion(version); v != nullptr) {
      return Target{kind, v};
    }
  }
  return Error(Code::kNotFound, "the server could not find the requested resource");
}

void KindRegistry::Put(std::shared_ptr<const Kind> kind) {
  MutexLock lock(&mu_);
  ++now_.generation;
  const GroupResource resource = kind->def().group_resource();
  now_.kinds[resource] = std::move(kind);
  snapshot_ = nullptr;
}

void KindRegistry::Remove(const GroupResource& resource) {
  MutexLock lock(&mu_);
  if (now_.kinds.erase(resource) == 0) return;
  ++now_.generation;
  snapshot_ = nullptr;
}

}  // namespace gantry::apiserver
