#include <set>

#include "apis/machinery/meta/condition.h"
#include "apis/machinery/meta/field_error.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

constexpr const char* kCleanup = "customresourcecleanup.apiextensions.k8s.io";

std::set<std::string> ResourceNames(const schema::Definition& d) {
  std::set<std::string> names(d.short_names.begin(), d.short_names.end());
  names.insert(d.plural);
  names.insert(d.singular);
  return names;
}

// What keeps `wanted` from being served, as a sentence; empty when nothing does.
std::string NameConflict(const KindSet& served, const schema::Definition& wanted) {
  const std::set<std::string> names = ResourceNames(wanted);
  for (const auto& [resource, kind] : served.kinds) {
    const schema::Definition& other = kind->def();
    if (resource.group != wanted.group) continue;
    if (resource.resource == wanted.plural) {
      if (!other.builtin) continue;  // itself, before this change
      return fmt::format("\"{}\" is built in", wanted.plural);
    }
    for (const std::string& name : ResourceNames(other)) {
      if (names.count(name) != 0) return fmt::format("\"{}\" is already in use", name);
    }
    if (other.kind == wanted.kind || other.list_kind == wanted.kind) {
      return fmt::format("\"{}\" is already in use", wanted.kind);
    }
    if (other.kind == wanted.list_kind || other.list_kind == wanted.list_kind) {
      return fmt::format("\"{}\" is already in use", wanted.list_kind);
    }
  }
  return "";
}

// A CustomResourceDefinition is decided on when it is written: the status that Kubernetes'
// controllers would add later is part of the write, so the kind is usable when the answer arrives.
class Crd : public Strategy {
 public:
  void Prepare(const StrategyContext& ctx, const Object* old, std::string_view subresource,
               Object* object) const override {
    if (old == nullptr && !object->has_finalizer(kCleanup)) {
      std::vector<std::string> finalizers = object->finalizers();
      finalizers.push_back(kCleanup);
      object->set_finalizers(finalizers);
    }
    const Result<std::shared_ptr<const schema::Definition>> parsed =
        schema::ParseDefinition(object->json());
    if (!parsed.ok()) return;  // refused by Validate
    const schema::Definition& d = **parsed;
    ctx.warnings->insert(ctx.warnings->end(), d.warnings.begin(), d.warnings.end());
    Json& status = object->mutable_status();
    if (!status.is_object()) status = Json::object();
    SetConditions(ctx, d, &status);

    Json stored = GetArray(status, "storedVersions");
    const std::string& storage = d.StorageVersion().name;
    if (std::find(stored.begin(), stored.end(), storage) == stored.end()) stored.push_back(storage);
    status["storedVersions"] = std::move(stored);
  }

  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    const auto parsed = schema::ParseDefinition(object.json());
    if (!parsed.ok()) return parsed.error();
    FieldErrors errors;
    if (old != nullptr) {
      for (const char* field : {"group", "scope"}) {
        if (GetAny(old->spec(), field) != GetAny(object.spec(), field)) {
          errors.push_back(Invalid(std::string("spec.") + field, GetAny(object.spec(), field),
                                   "field is immutable"));
        }
      }
    }
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }

  void PrepareDelete(Object* object, WallTime now) const override {
    SetCondition(
        &object->mutable_status(),
        {"Terminating", "True", "InstanceDeletionPending",
         "CustomResourceDefinition marked for deletion; CustomResource deletion will begin "
         "soon",
         0},
        now);
  }

 private:
  static void SetConditions(const StrategyContext& ctx, const schema::Definition& d, Json* status) {
    const std::string conflict = NameConflict(*ctx.kinds.Snapshot(), d);
    if (conflict.empty()) {
      Json names = {{"plural", d.plural},
                    {"singular", d.singular},
                    {"kind", d.kind},
                    {"listKind", d.list_kind}};
      if (!d.short_names.empty()) names["shortNames"] = d.short_names;
      if (!d.categories.empty()) names["categories"] = d.categories;
      (*status)["acceptedNames"] = std::move(names);
      SetCondition(status, {"NamesAccepted", "True", "NoConflicts", "no conflicts found", 0},
                   ctx.now);
      SetCondition(status,
                   {"Established", "True", "InitialNamesAccepted",
                    "the initial names have been accepted", 0},
                   ctx.now);
      return;
    }
    if (!status->contains("acceptedNames")) {
      (*status)["acceptedNames"] = {{"plural", ""}, {"kind", ""}};
    }
    SetCondition(status, {"NamesAccepted", "False", "NamesConflict", conflict, 0}, ctx.now);
    if (!IsConditionTrue(*status, "Established")) {
      SetCondition(status, {"Established", "False", "NotAccepted", "not all names are accepted", 0},
                   ctx.now);
    }
  }
};

}  // namespace

const Strategy* CrdStrategy() {
  static const Strategy* const strategy = new Crd;
  return strategy;
}

}  // namespace gantry::apiserver
