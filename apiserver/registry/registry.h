#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/random.h"
#include "apis/machinery/base/task.h"
#include "apis/machinery/base/thread_pool.h"
#include "apiserver/admission/quota.h"
#include "apiserver/http/handler.h"
#include "apiserver/rbac/policy.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/registry/kind.h"
#include "apiserver/registry/turns.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver {

enum class FieldValidation { kIgnore, kWarn, kStrict };

// One write request. Everything it refers to outlives the call.
struct WriteScope {
  Target target;
  std::string ns;
  std::string name;         // empty for create
  std::string subresource;  // empty, status, finalize, approval
  const User& user;
  Context ctx;
  bool dry_run = false;
  FieldValidation validation = FieldValidation::kWarn;
  std::string manager;                  // of the fields that this write sets
  std::vector<std::string> complaints;  // about the body: `duplicate field "spec.a"`
  std::vector<std::string>* warnings;   // for the client
  bool patches = false;                 // the object is one that a patch was applied to
};

// The object after a write; for a dry run, as it would be (revision of the old one, or 0).
struct Written {
  EntryPtr entry;
  bool created = false;
};

struct DeleteOptions {
  std::string propagation;  // Orphan, Background, Foreground, or empty
  std::string uid;          // preconditions; empty: none
  std::string resource_version;
};

struct Deleted {
  EntryPtr entry;     // the last state
  bool gone = false;  // false: it waits for finalizers
};

// What the writer wants an existing object to become. `current` is in the version of the request,
// with resourceVersion and, if it asked for that, managedFields.
struct Mutation {
  std::function<Result<Json>(const Json& current)> apply;
  bool wants_managed_fields = false;
};

// A configuration that `scope.manager` applies: an object with the fields that it wants.
struct ApplyConfig {
  Json object;
  bool force = false;
  bool may_create = true;  // false: for subresources
};

// The generic registry: what Kubernetes does on every write, for all kinds. Reads go to the caches
// directly. Thread-safe. Writes resume their awaiter on a thread of `pool`, after this server's
// cache has applied them.
class Registry {
 public:
  struct Dependencies {
    CacheSet* caches;
    store::Store* store;
    KindRegistry* kinds;
    const rbac::Policy* policy;
    ThreadPool* pool;
    ThreadPool* webhooks;  // threads that may wait for webhooks
    Clock* clock;
    Random* random;
    const ManagedRenderer* render;
  };
  explicit Registry(const Dependencies& deps) : d_(deps), turns_(deps.pool), quotas_(deps.caches) {}

  Task<Result<Written>> Create(const WriteScope& scope, Json object);
  // Retries when someone else wrote in between, unless the new object demands a resourceVersion.
  // Removing the last finalizer of an object that is being deleted deletes it.
  Task<Result<Written>> Update(const WriteScope& scope, const Mutation& mutation);
  // Server-side apply. Merges the configuration into what is stored, or creates it; retries as
  // Update does. kConflict with causes when others own what would change.
  Task<Result<Written>> Apply(const WriteScope& scope, const ApplyConfig& config);
  Task<Result<Deleted>> Delete(const WriteScope& scope, const DeleteOptions& options);

  // kNotFound in Kubernetes' words.
  Result<EntryPtr> Get(const Target& target, const std::string& ns, const std::string& name) const;

  const Dependencies& deps() const { return d_; }

 private:
  // One attempt at a write, made without waiting: what to hand to the store.
  struct Plan {
    store::WriteOp op;
    EntryPtr result;    // as it will be, except for the revision
    bool write = true;  // false: nothing would change, or a dry run
    bool removes = false;
  };
  // Who owns which field after a write.
  struct Ownership {
    const Json* sent = nullptr;            // metadata.managedFields that the client sent
    const std::string* applied = nullptr;  // the section that an apply made of it
  };
  Result<Plan> PlanCreate(const WriteScope& scope, const Json& object, bool* generated,
                          const std::string* applied = nullptr) const;
  Result<Plan> PlanUpdate(const WriteScope& scope, const EntryPtr& old,
                          const Mutation& mutation) const;
  Result<Plan> PlanApply(const WriteScope& scope, const EntryPtr& old,
                         const ApplyConfig& config) const;
  // `before`, stored as `old`, is to become `changed`.
  Result<Plan> PlanChange(const WriteScope& scope, const EntryPtr& old_entry, Json before,
                          Json changed, const std::string* applied) const;
  Result<Plan> PlanDelete(const WriteScope& scope, const EntryPtr& old,
                          const DeleteOptions& options) const;
  Result<Plan> PlanPut(const WriteScope& scope, const EntryPtr& old, const Json* before,
                       const Json& after, const Ownership& ownership,
                       bool keep_version = false) const;
  FieldWriter Writer(const WriteScope& scope) const;
  Plan PlanRemove(const WriteScope& scope, const EntryPtr& old) const;

  // Writes, waits for the cache, and hops to the pool.
  Task<Result<EntryPtr>> Commit(const WriteScope& scope, Plan plan);
  // Goes on where a conversion may block, if this kind's objects may need one.
  Task<bool> AllowBlocking(const WriteScope& scope);
  // The entry in the version of the request, where a webhook has to convert it.
  Task<Result<EntryPtr>> Show(const WriteScope& scope, EntryPtr entry);
  // Waits until the cache holds everything that the store has now.
  Task<bool> CatchUp();
  // The turn of a write that depends on what others have written: of its kind, or, where a quota
  // counts, in its namespace; else an empty one.
  Task<Turns::Turn> TurnOf(const WriteScope& scope);

  const Dependencies d_;
  Turns turns_;
  mutable QuotaLedger quotas_;
  Mutex quota_mu_;
  // By namespace; those that were ever taken.
  std::map<std::string, std::unique_ptr<Turns>> quota_turns_ GUARDED_BY(quota_mu_);
};

}  // namespace gantry::apiserver
