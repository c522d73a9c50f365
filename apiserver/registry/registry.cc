#include "apiserver/registry/registry.h"

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/status.h"
#include "apiserver/admission/admission.h"
#include "apiserver/registry/codec.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/registry/prepare.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

// Several who write to one object at once lose to each other by chance: of four, one write in a
// hundred would fail after 16 attempts.
constexpr int kMaxConflicts = 128;
constexpr int kMaxNameTries = 8;
constexpr size_t kMaxGeneratedBase = 58;
constexpr size_t kSuffixLength = 5;

Error Modified(const WriteScope& s) {
  return ConflictError(s.target.def().group, s.target.def().plural, s.name,
                       "the object has been modified; please apply your changes to the latest "
                       "version and try again");
}

Error NotFound(const WriteScope& s) {
  return NotFoundError(s.target.def().group, s.target.def().plural, s.name);
}

Error WrongUid(const WriteScope& s, std::string_view wanted, std::string_view have) {
  return ConflictError(s.target.def().group, s.target.def().plural, s.name,
                       fmt::format("Precondition failed: UID in precondition: {}, UID in object "
                                   "meta: {}",
                                   wanted, have));
}

StrategyContext MakeContext(const Registry::Dependencies& d, const WriteScope& s) {
  return {s.target,   s.user,   *d.kinds, *d.policy,    d.clock->Now(),
          s.warnings, d.caches, nullptr,  s.subresource};
}

}  // namespace

FieldWriter Registry::Writer(const WriteScope& scope) const {
  return {scope.manager, scope.target.gvk().group_version().ToString(), scope.subresource,
          d_.clock->Now()};
}

Result<EntryPtr> Registry::Get(const Target& target, const std::string& ns,
                               const std::string& name) const {
  EntryPtr entry = target.kind->cache->Get(RelativeKey({ns, name}));
  if (!entry) return NotFoundError(target.def().group, target.def().plural, name);
  return entry;
}

Task<Result<Written>> Registry::Create(const WriteScope& scope, Json object) {
  const size_t said = scope.warnings->size();
  const Turns::Turn turn = co_await TurnOf(scope);
  for (int attempt = 1;; ++attempt) {
    scope.warnings->resize(said);  // another attempt says the same again
    bool generated = false;
    if (scope.target.kind->converter) co_await AllowBlocking(scope);
    Result<Plan> plan = PlanCreate(scope, object, &generated);
    if (!plan.ok()) co_return plan.error();
    Result<EntryPtr> written = plan->result;
    if (plan->write) written = co_await Commit(scope, *std::move(plan));
    if (written.ok()) written = co_await Show(scope, *std::move(written));
    if (written.ok()) co_return Written{*std::move(written)};
    const bool again = written.code() == Code::kAlreadyExists && generated;
    if (!again || attempt == kMaxNameTries) co_return written.error();
  }
}

Task<Result<Written>> Registry::Update(const WriteScope& scope, const Mutation& mutation) {
  const size_t said = scope.warnings->size();
  const Turns::Turn turn = co_await TurnOf(scope);
  for (int attempt = 1;; ++attempt) {
    scope.warnings->resize(said);
    const EntryPtr old = scope.target.kind->cache->Get(RelativeKey({scope.ns, scope.name}));
    if (!old) co_return NotFound(scope);
    if (scope.target.kind->converter) co_await AllowBlocking(scope);
    Result<Plan> plan = PlanUpdate(scope, old, mutation);
    if (!plan.ok()) co_return plan.error();
    Result<EntryPtr> written = plan->result;
    if (plan->write) written = co_await Commit(scope, *std::move(plan));
    if (written.ok()) written = co_await Show(scope, *std::move(written));
    if (written.ok()) co_return Written{*std::move(written)};
    const bool again = written.code() == Code::kConflict || written.code() == Code::kNotFound;
    // Planning anew refuses a writer who named the revision that it was computed from.
    if (!again || attempt == kMaxConflicts) co_return written.error();
  }
}

Task<Result<Deleted>> Registry::Delete(const WriteScope& scope, const DeleteOptions& options) {
  for (int attempt = 1;; ++attempt) {
    const EntryPtr old = scope.target.kind->cache->Get(RelativeKey({scope.ns, scope.name}));
    if (!old) co_return NotFound(scope);
    // In the version that it is stored in: a delete depends on no conversion.
    WriteScope own = scope;
    const schema::Version* const stored = scope.target.def().FindAnyVersion(old->header().version);
    if (stored != nullptr) own.target.version = stored;
    Result<Plan> plan = PlanDelete(own, old, options);
    if (!plan.ok()) co_return plan.error();
    const bool gone = plan->removes;
    Result<EntryPtr> written = plan->result;
    if (plan->write) written = co_await Commit(scope, *std::move(plan));
    // Of one that is gone, hardly more than the uid is wanted.
    if (written.ok() && !gone) written = co_await Show(scope, *std::move(written));
    if (written.ok()) co_return Deleted{*std::move(written), gone};
    const bool again = written.code() == Code::kConflict || written.code() == Code::kNotFound;
    if (!again || attempt == kMaxConflicts) co_return written.error();
  }
}

Task<Result<Written>> Registry::Apply(const WriteScope& scope, const ApplyConfig& config) {
  const size_t said = scope.warnings->size();
  const Turns::Turn turn = co_await TurnOf(scope);
  for (int attempt = 1;; ++attempt) {
    scope.warnings->resize(said);
    const EntryPtr old = scope.target.kind->cache->Get(RelativeKey({scope.ns, scope.name}));
    if (!old && !config.may_create) co_return NotFound(scope);
    if (scope.target.kind->converter) co_await AllowBlocking(scope);
    Result<Plan> plan = PlanApply(scope, old, config);
    if (!plan.ok()) co_return plan.error();
    Result<EntryPtr> written = plan->result;
    if (plan->write) written = co_await Commit(scope, *std::move(plan));
    if (written.ok()) written = co_await Show(scope, *std::move(written));
    if (written.ok()) co_return Written{*std::move(written), !old};
    const Code code = written.code();
    const bool again =
        code == Code::kConflict || code == Code::kNotFound || code == Code::kAlreadyExists;
    if (!again || attempt == kMaxConflicts) co_return written.error();
  }
}

Result<Registry::Plan> Registry::PlanCreate(const WriteScope& scope, const Json& body,
                                            bool* generated, const std::string* applied) const {
  const schema::Definition& definition = scope.target.def();
  Object object(body);
  GANTRY_TRY(CheckIdentity(scope, &object));
  GANTRY_TRY(DecodeFields(scope, &object.json()));
  if (!object.resource_version().empty()) {
    return Error(Code::kBadRequest, "resourceVersion should not be set on objects to be created");
  }
  Json& meta = object.Meta();
  const Json sent_managed = GetAny(meta, "managedFields");
  for (const char* field :
       {"deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields"}) {
    meta.erase(field);
  }
  if (const std::string base = GetString(meta, "generateName"); object.name().empty()) {
    if (!base.empty()) {
      *generated = true;
      meta["name"] = base.substr(0, kMaxGeneratedBase) + RandomSuffix(d_.random, kSuffixLength);
    }
  }
  meta["uid"] = NewUuid(d_.random);
  meta["creationTimestamp"] = FormatTime(d_.clock->Now());
  if (!definition.strategy.no_generation) object.set_generation(1);
  if (scope.target.version->status_subresource) object.json().erase("status");

  const StrategyContext ctx = MakeContext(d_, scope);
  const std::string name(object.name());
  GANTRY_TRY(Admit(d_.caches, {AdmissionRequest::Operation::kCreate, definition, scope.ns, name}));
  if (scope.target.kind->terminating) {
    return Error(Code::kMethodNotAllowed,
                 "create not allowed while custom resource definition is terminating");
  }
  GANTRY_TRY(Finish(scope, ctx, nullptr, &object));
  if (scope.target.kind->cache->Get(RelativeKey({scope.ns, name}))) {
    return AlreadyExistsError(definition.group, definition.plural, name);
  }
  GANTRY_TRY(quotas_.Admit(definition, scope.ns, nullptr, object));
  return PlanPut(scope, nullptr, nullptr, object.json(),
                 {sent_managed.is_null() ? nullptr : &sent_managed, applied});
}

Result<Registry::Plan> Registry::PlanUpdate(const WriteScope& scope, const EntryPtr& old_entry,
                                            const Mutation& mutation) const {
  GANTRY_TRY_SET(Json before, DecodeEntry(scope.target, *old_entry));
  if (mutation.wants_managed_fields) {
    const std::string managed = RenderManagedFields(old_entry->header().managed);
    if (!managed.empty()) {
      GANTRY_TRY_SET(before["metadata"]["managedFields"], ParseJson(managed));
    }
  }
  GANTRY_TRY_SET(Json changed, mutation.apply(before));
  if (!changed.is_object()) return Error(Code::kBadRequest, "the object is not a JSON object");
  before["metadata"].erase("managedFields");
  return PlanChange(scope, old_entry, std::move(before), std::move(changed), nullptr);
}

Result<Registry::Plan> Registry::PlanApply(const WriteScope& scope, const EntryPtr& old,
                                           const ApplyConfig& config) const {
  const schema::Definition& definition = scope.target.def();
  Json before;
  if (old) {
    GANTRY_TRY_SET(before, DecodeEntry(scope.target, *old));
  } else if (const std::string uid = GetString(GetObject(config.object, "metadata"), "uid");
             !uid.empty()) {
    return ConflictError(definition.group, definition.plural, scope.name,
                         fmt::format("uid mismatch: the provided object specified uid {}, and no "
                                     "existing object was found",
                                     uid));
  }
  GANTRY_TRY_SET(AppliedObject applied,
                 ApplyFields(scope.target, old ? &before : nullptr, config.object, config.force,
                             old ? old->header().managed : std::string_view(), Writer(scope)));
  if (old) {
    return PlanChange(scope, old, std::move(before), std::move(applied.object), &applied.section);
  }
  applied.object["metadata"].erase("resourceVersion");
  bool generated = false;
  return PlanCreate(scope, applied.object, &generated, &applied.section);
}

Result<Registry::Plan> Registry::PlanChange(const WriteScope& scope, const EntryPtr& old_entry,
                                            Json before, Json changed,
                                            const std::string* applied) const {
  Object old(std::move(before));
  Object object(std::move(changed));
  GANTRY_TRY(CheckIdentity(scope, &object));
  GANTRY_TRY(DecodeFields(scope, &object.json()));

  const std::string version(object.resource_version());
  if (!version.empty() && version != "0" && version != old.resource_version()) {
    return Modified(scope);
  }
  if (!object.uid().empty() && object.uid() != old.uid()) {
    return WrongUid(scope, object.uid(), old.uid());
  }
  const Json sent_managed = GetAny(object.meta(), "managedFields");
  object.Meta().erase("managedFields");
  old.set_resource_version("");
  object.set_resource_version("");

  IsolateSubresource(scope, old, &object);
  GANTRY_TRY(Admit(
      d_.caches, {AdmissionRequest::Operation::kUpdate, scope.target.def(), scope.ns, scope.name}));
  GANTRY_TRY(Finish(scope, MakeContext(d_, scope), &old, &object));
  GANTRY_TRY(quotas_.Admit(scope.target.def(), scope.ns, &old, object));
  BumpGeneration(scope.target.def(), *scope.target.version, old, &object);

  Plan plan;
  if (object.deleting() && object.finalizers().empty() &&
      !scope.target.kind->strategy->HoldsDeletion(object)) {
    plan = PlanRemove(scope, old_entry);
  } else {
    GANTRY_TRY_SET(plan, PlanPut(scope, old_entry, &old.json(), object.json(),
                                 {sent_managed.is_null() ? nullptr : &sent_managed, applied}));
  }
  return plan;
}

Result<Registry::Plan> Registry::PlanDelete(const WriteScope& scope, const EntryPtr& old_entry,
                                            const DeleteOptions& options) const {
  GANTRY_TRY_SET(Json before, DecodeEntry(scope.target, *old_entry));
  Object old(std::move(before));
  if (!options.uid.empty() && options.uid != old.uid()) {
    return WrongUid(scope, options.uid, old.uid());
  }
  if (!options.resource_version.empty() && options.resource_version != old.resource_version()) {
    return ConflictError(scope.target.def().group, scope.target.def().plural, scope.name,
                         fmt::format("Precondition failed: ResourceVersion in precondition: {}, "
                                     "ResourceVersion in object meta: {}",
                                     options.resource_version, old.resource_version()));
  }
  const Strategy& strategy = *scope.target.kind->strategy;
  GANTRY_TRY(strategy.ValidateDelete(scope.user, old));
  GANTRY_TRY(Admit(
      d_.caches, {AdmissionRequest::Operation::kDelete, scope.target.def(), scope.ns, scope.name}));
  old.set_resource_version("");
  const std::vector<std::string> finalizers = FinalizersForDelete(old, options.propagation);
  if (finalizers.empty() && !strategy.HoldsDeletion(old)) return PlanRemove(scope, old_entry);

  Object object = old;
  object.set_finalizers(finalizers);
  if (!object.deleting()) {
    const WallTime now = d_.clock->Now();
    object.Meta()["deletionTimestamp"] = FormatTime(now);
    object.Meta()["deletionGracePeriodSeconds"] = 0;
    if (object.generation() > 0) object.set_generation(object.generation() + 1);
    strategy.PrepareDelete(&object, now);
  }
  return PlanPut(scope, old_entry, &old.json(), object.json(), {}, true);
}

Result<Registry::Plan> Registry::PlanPut(const WriteScope& scope, const EntryPtr& old,
                                         const Json* before, const Json& after,
                                         const Ownership& ownership, bool keep_version) const {
  const Target& target = scope.target;
  Plan plan;
  plan.result = old;
  plan.write = false;
  const std::string_view base = old ? old->header().managed : std::string_view();
  // Writing an object back unchanged brings it into the storage version.
  const bool moves =
      old && !keep_version && old->header().version != target.def().StorageVersion().name;
  const bool same = before != nullptr && *before == after && !moves;
  if (same && ownership.sent == nullptr && ownership.applied == nullptr) return plan;
  std::string managed =
      ownership.applied != nullptr
          ? *ownership.applied
          : TrackFields(target, before, after, base, ownership.sent, Writer(scope), !keep_version);
  if (same && SameOwners(managed, base)) return plan;
  GANTRY_TRY_SET(std::string record, keep_version
                                         ? EncodeAsIs(target, after, std::move(managed))
                                         : EncodeObject(target, after, std::move(managed)));
  const std::string relative =
      old ? old->key() : RelativeKey({scope.ns, GetString(GetObject(after, "metadata"), "name")});
  GANTRY_TRY_SET(plan.result, Entry::Make(relative, record, old ? old->revision() : 0, d_.render));
  plan.write = !scope.dry_run;
  plan.op.kind = old ? store::WriteOp::Kind::kUpdate : store::WriteOp::Kind::kCreate;
  plan.op.key = target.kind->prefix + relative;
  plan.op.value = std::move(record);
  plan.op.expect = old ? old->revision() : 0;
  return plan;
}

Registry::Plan Registry::PlanRemove(const WriteScope& scope, const EntryPtr& old) const {
  Plan plan;
  plan.result = old;
  plan.removes = true;
  plan.write = !scope.dry_run;
  plan.op.kind = store::WriteOp::Kind::kDelete;
  plan.op.key = scope.target.kind->prefix + old->key();
  plan.op.expect = old->revision();
  return plan;
}

Task<Result<EntryPtr>> Registry::Commit(const WriteScope& scope, Plan plan) {
  const EntryPtr result = plan.result;
  const bool removes = plan.removes;
  store::WriteOp op = std::move(plan.op);
  const Dependencies& d = d_;
  Callback<Result<store::Revision>> write(
      [&d, &op](std::function<void(Result<store::Revision>)> done) {
        d.store->Write(std::move(op), [&d, done = std::move(done)](Result<store::Revision> r) {
          if (!r.ok()) {
            d.pool->Post([done, r] { done(r); });
            return;
          }
          d.caches->WaitUntil(*r, [&d, done, r] { d.pool->Post([done, r] { done(r); }); });
        });
      });
  const Result<store::Revision> revision = co_await write;
  if (!revision.ok()) {
    const schema::Definition& def = scope.target.def();
    const std::string name = ParseRelativeKey(result->key()).name;
    const Code code = revision.code();
    const bool refused =
        code == Code::kAlreadyExists || code == Code::kNotFound || code == Code::kConflict;
    // Later reads know what the store refused it for, and so does another attempt.
    if (refused) co_await CatchUp();
    switch (code) {
      case Code::kAlreadyExists: co_return AlreadyExistsError(def.group, def.plural, name);
      case Code::kNotFound: co_return NotFoundError(def.group, def.plural, name);
      case Code::kConflict: co_return Modified(scope);
      default: co_return revision.error();
    }
  }
  if (removes) co_return result->At(*revision);
  // The cache's own entry shares its bytes with everyone, unless it was overwritten already.
  EntryPtr cached = scope.target.kind->cache->Get(result->key());
  if (cached && cached->revision() == *revision) co_return cached;
  co_return result->At(*revision);
}

Task<Turns::Turn> Registry::TurnOf(const WriteScope& scope) {
  Turns* turns = nullptr;
  if (scope.target.kind->strategy->DependsOnOthers()) {
    turns = &turns_;
  } else if (scope.subresource.empty() && quotas_.Counts(scope.target.def(), scope.ns)) {
    MutexLock lock(&quota_mu_);
    std::unique_ptr<Turns>& of_namespace = quota_turns_[scope.ns];
    if (!of_namespace) of_namespace = std::make_unique<Turns>(d_.pool);
    turns = of_namespace.get();
  }
  if (turns == nullptr) co_return Turns::Turn();
  Turns::Turn turn = co_await turns->Take();
  co_return turn;
}

Task<bool> Registry::AllowBlocking(const WriteScope& scope) {
  ThreadPool* const pool = d_.webhooks;
  Callback<bool> hop([pool](std::function<void(bool)> done) {
    pool->Post([done = std::move(done)] { done(true); });
  });
  co_return co_await hop;
}

Task<Result<EntryPtr>> Registry::Show(const WriteScope& scope, EntryPtr entry) {
  if (!NeedsWebhook(scope.target, *entry)) co_return entry;
  co_await AllowBlocking(scope);
  Result<std::vector<EntryPtr>> shown =
      ShowEntries(scope.target, std::vector<EntryPtr>{std::move(entry)}, d_.render);
  if (!shown.ok()) co_return shown.error();
  co_return shown->front();
}

Task<bool> Registry::CatchUp() {
  const Dependencies& d = d_;
  const store::Revision current = d.store->current_revision();
  Callback<bool> wait([&d, current](std::function<void(bool)> done) {
    d.caches->WaitUntil(current, [&d, done] { d.pool->Post([done] { done(true); }); });
  });
  co_return co_await wait;
}

}  // namespace gantry::apiserver
