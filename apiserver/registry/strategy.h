#pragma once

#include <string_view>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/auth/token_authenticator.h"
#include "apiserver/http/handler.h"
#include "apiserver/rbac/policy.h"
#include "apiserver/registry/kind.h"

namespace gantry::apiserver {

class CacheSet;

// What the hooks of a strategy may look at.
struct StrategyContext {
  const Target& target;
  const User& user;
  const KindRegistry& kinds;
  const rbac::Policy& policy;
  WallTime now;
  std::vector<std::string>* warnings;          // for the client
  CacheSet* caches = nullptr;                  // null for virtual kinds
  const TokenAuthenticator* tokens = nullptr;  // null but for virtual kinds
  std::string_view subresource = {};
};

// What one of Kubernetes' own kinds does that its schema cannot say. The generic registry calls the
// hooks in this order on every write; the default does nothing. Stateless and thread-safe.
class Strategy {
 public:
  virtual ~Strategy() = default;

  // Changes the object before validation; may not fail. `old` is null on create. For an update,
  // status and metadata were brought in order already.
  virtual void Prepare(const StrategyContext& ctx, const Object* old, std::string_view subresource,
                       Object* object) const {}
  // kInvalid with causes, or kForbidden; must not change anything. The schema's own rules passed.
  virtual Status Validate(const StrategyContext& ctx, const Object* old,
                          const Object& object) const {
    return OkStatus();
  }
  // Whether a delete may happen at all.
  virtual Status ValidateDelete(const User& user, const Object& object) const { return OkStatus(); }
  // Whether a deleted object must stay until someone else agrees, beside metadata.finalizers.
  virtual bool HoldsDeletion(const Object& object) const { return false; }
  // Called when deletionTimestamp was set for the first time.
  virtual void PrepareDelete(Object* object, WallTime now) const {}
  // Whether what an object becomes depends on the others of its kind. Such writes happen one after
  // the other, each when the caches have the one before.
  virtual bool DependsOnOthers() const { return false; }
  // The answer of a virtual kind to a create, put into the object; kInvalid or kBadRequest when the
  // question makes no sense.
  virtual Status Answer(const StrategyContext& ctx, Object* object) const { return OkStatus(); }
};

// Chosen by the definition's strategy options; never null, lives for ever.
const Strategy* StrategyFor(const schema::Definition& definition);

}  // namespace gantry::apiserver
