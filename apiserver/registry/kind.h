#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/schema/definition.h"
#include "apiserver/storage/cache.h"

namespace gantry::apiserver {

class Converter;
class Strategy;

// A definition, ready to serve. Immutable; requests hold on to it while kinds change under them.
struct Kind {
  std::shared_ptr<const schema::Definition> definition;
  // By version: a fingerprint of what decides how bytes that are stored in it look.
  std::map<std::string, uint64_t, std::less<>> epochs;
  uint64_t fingerprint = 0;        // of everything that decides how any version is shown
  std::string prefix;              // of store keys: `/gantry.dev/nodes/`
  ResourceCache* cache = nullptr;  // never null, once registered; owned by the CacheSet
  const Strategy* strategy = nullptr;
  std::shared_ptr<const Converter> converter;  // null: versions differ in their schema alone
  bool terminating = false;                    // its CustomResourceDefinition is being deleted

  const schema::Definition& def() const { return *definition; }
  // 0, which no record has, for a version that the definition does not know any more.
  uint64_t EpochOf(std::string_view version) const;
};

// A kind as one request addresses it.
struct Target {
  std::shared_ptr<const Kind> kind;
  const schema::Version* version = nullptr;

  const schema::Definition& def() const { return *kind->definition; }
  GroupVersionKind gvk() const { return {def().group, version->name, def().kind}; }
  bool is_storage_version() const { return version->storage; }
};

// FNV-1a over the version's name, its schema and all selectable fields of the kind. Equal epochs
// mean that bytes stored in the version can be served in it as they are.
uint64_t VersionEpoch(const schema::Definition& definition, const schema::Version& version);
// Of all versions, whether they are served, and of how objects are converted.
uint64_t DefinitionFingerprint(const schema::Definition& definition);

// All kinds at one moment.
struct KindSet {
  std::map<GroupResource, std::shared_ptr<const Kind>> kinds;
  uint64_t generation = 0;  // grows with each change: for caches of discovery and OpenAPI
};

// Who is served. Thread-safe.
class KindRegistry {
 public:
  // A set that never changes. The first one after a change is a copy of all: for documents, not for
  // every request.
  std::shared_ptr<const KindSet> Snapshot() const;
  // Null when there is none.
  std::shared_ptr<const Kind> Get(const GroupResource& resource) const;
  std::vector<std::shared_ptr<const Kind>> InGroup(const std::string& group) const;
  // kNotFound when no such resource is served in that version.
  Result<Target> Find(std::string_view group, std::string_view version,
                      std::string_view resource) const;
  void Put(std::shared_ptr<const Kind> kind);
  void Remove(const GroupResource& resource);

 private:
  mutable Mutex mu_;
  KindSet now_ GUARDED_BY(mu_);
  mutable std::shared_ptr<const KindSet> snapshot_ GUARDED_BY(mu_);  // null: not since a change
};

}  // namespace gantry::apiserver
