#pragma once

#include <map>
#include <string>

#include "apis/gantry.dev/v1/quota.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/schema/definition.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver {

// Refuses what would exceed a ResourceQuota. Nothing is booked: what is used is what is there, so a
// writer that dies takes nothing with it. This is exact as long as writes that Counts() names
// happen one after the other, each when the caches have the one before; the registry sees to it.
// Thread-safe, does not block.
class QuotaLedger {
 public:
  // `caches` outlives this.
  explicit QuotaLedger(CacheSet* caches) : caches_(caches) {}

  // Whether a quota of the namespace counts objects of this kind.
  bool Counts(const schema::Definition& definition, const std::string& ns) const;
  // kForbidden in Kubernetes' words. `old`: null for a create.
  Status Admit(const schema::Definition& definition, const std::string& ns, const Object* old,
               const Object& object);

 private:
  struct Known {
    store::Revision revision = 0;
    v1::QuotaUsage usage;
  };
  // By relative key, of one kind in one namespace.
  using Objects = std::map<std::string, Known>;

  v1::QuotaUsage Used(const client::Resource& kind, const std::string& ns);

  CacheSet* const caches_;
  Mutex mu_;
  // What objects of namespaces with a quota use, so that each revision is read once.
  std::map<std::pair<std::string, std::string>, Objects> known_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver
