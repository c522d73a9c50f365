#include <set>

#include "apis/machinery/meta/condition.h"
#include "apis/machinery/meta/field_error.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

constexpr const char* kCleanup = "customresourcecleanup.apiextensions.k8s.io";

// The names that the other kinds of a group use.
struct UsedNames {
  std::set<std::string> resources;  // plurals, singulars, short names
  std::set<std::string> kinds;      // kinds and kinds of lists
};

UsedNames NamesUsedBesides(const KindRegistry& served, const schema::Definition& wanted) {
  UsedNames used;
  for (const std::shared_ptr<const Kind>& kind : served.InGroup(wanted.group)) {
    const schema::Definition& other = kind->def();
    if (other.plural == wanted.plural && !other.builtin) continue;  // itself
    used.resources.insert(other.short_names.begin(), other.short_names.end());
    used.resources.insert({other.plural, other.singular});
    used.kinds.insert({other.kind, other.list_kind});
  }
  return used;
}

// Decides about each name by itself: one that is free, or was accepted before, is accepted; for
// one that is not, the old one stays.
class NameReview {
 public:
  NameReview(UsedNames used, Json accepted)
      : used_(std::move(used)), accepted_(std::move(accepted)) {
    if (!accepted_.is_object()) accepted_ = Json::object();
  }

  void Resource(const char* field, const std::string& wanted, const char* reason) {
    Decide(field, wanted, used_.resources, reason);
  }
  void Kind(const char* field, const std::string& wanted, const char* reason) {
    Decide(field, wanted, used_.kinds, reason);
  }
  void ShortNames(const std::vector<std::string>& wanted) {
    const std::vector<std::string> mine = GetStrings(accepted_, "shortNames");
    std::string conflict;
    for (const std::string& name : wanted) {
      if (std::find(mine.begin(), mine.end(), name) != mine.end()) continue;
      if (used_.resources.count(name) == 0) continue;
      conflict += fmt::format("{}\"{}\" is already in use", conflict.empty() ? "" : ", ", name);
    }
    if (conflict.empty()) {
      Put("shortNames", wanted);
    } else {
      reason_ = "ShortNamesConflict";
      message_ = std::move(conflict);
    }
  }
  void Put(const char* field, const std::vector<std::string>& wanted) {
    if (wanted.empty()) {
      accepted_.erase(field);
    } else {
      accepted_[field] = wanted;
    }
  }

  const Json& accepted() const { return accepted_; }
  const std::string& reason() const { return reason_; }  // empty: no conflict
  const std::string& message() const { return message_; }

 private:
  void Decide(const char* field, const std::string& wanted, const std::set<std::string>& used,
              const char* reason) {
    if (GetString(accepted_, field) == wanted || used.count(wanted) == 0) {
      accepted_[field] = wanted;
      return;
    }
    if (!accepted_.contains(field)) accepted_[field] = "";
    reason_ = reason;
    message_ = fmt::format("\"{}\" is already in use", wanted);
  }

  const UsedNames used_;
  Json accepted_;
  std::string reason_, message_;
};

void SetNames(const StrategyContext& ctx, const schema::Definition& d, Json* status) {
  NameReview review(NamesUsedBesides(ctx.kinds, d), GetObject(*status, "acceptedNames"));
  review.Resource("plural", d.plural, "PluralConflict");
  review.Resource("singular", d.singular, "SingularConflict");
  review.ShortNames(d.short_names);
  review.Kind("kind", d.kind, "KindConflict");
  review.Kind("listKind", d.list_kind, "ListKindConflict");
  review.Put("categories", d.categories);
  (*status)["acceptedNames"] = review.accepted();
  if (review.reason().empty()) {
    SetCondition(status, {"NamesAccepted", "True", "NoConflicts", "no conflicts found", 0},
                 ctx.now);
    SetCondition(
        status,
        {"Established", "True", "InitialNamesAccepted", "the initial names have been accepted", 0},
        ctx.now);
    return;
  }
  SetCondition(status, {"NamesAccepted", "False", review.reason(), review.message(), 0}, ctx.now);
  if (!IsConditionTrue(*status, "Established")) {
    SetCondition(status, {"Established", "False", "NotAccepted", "not all names are accepted", 0},
                 ctx.now);
  }
}

void SetStoredVersions(const schema::Definition& d, Json* status) {
  Json stored = GetArray(*status, "storedVersions");
  const std::string& storage = d.StorageVersion().name;
  if (std::find(stored.begin(), stored.end(), storage) == stored.end()) stored.push_back(storage);
  (*status)["storedVersions"] = std::move(stored);
}

// Rules that are not evaluated are never passed over in silence.
void SetIgnoredRules(const StrategyContext& ctx, const schema::Definition& d, Json* status) {
  if (d.ignored_rules.empty()) {
    RemoveCondition(status, "ValidationRulesIgnored");
    return;
  }
  std::string where;
  for (const std::string& path : d.ignored_rules) where += (where.empty() ? "" : ", ") + path;
  SetCondition(status,
               {"ValidationRulesIgnored", "True", "NotEvaluated",
                "accepted, but not evaluated: " + where, 0},
               ctx.now);
}

// What the server fills in of the names.
void DefaultNames(Object* object) {
  const Json& spec = object->spec();
  const std::string kind = GetString(GetObject(spec, "names"), "kind");
  if (kind.empty()) return;  // refused by Validate
  Json& names = object->mutable_spec()["names"];
  if (GetAny(names, "listKind").is_null()) names["listKind"] = kind + "List";
  if (!GetAny(names, "singular").is_null()) return;
  std::string singular = kind;
  for (char& c : singular) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  names["singular"] = singular;
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
    DefaultNames(object);
    const auto parsed = schema::ParseDefinition(object->json());
    Json& status = object->mutable_status();
    if (!status.is_object()) status = Json::object();
    if (!parsed.ok()) {
      // Refused by Validate, unless it was stored by a server that allowed more.
      SetCondition(&status,
                   {"NonStructuralSchema", "True", "Violations", parsed.error().message, 0},
                   ctx.now);
      return;
    }
    const schema::Definition& d = **parsed;
    ctx.warnings->insert(ctx.warnings->end(), d.warnings.begin(), d.warnings.end());
    RemoveCondition(&status, "NonStructuralSchema");
    SetNames(ctx, d, &status);
    SetStoredVersions(d, &status);
    SetIgnoredRules(ctx, d, &status);
  }

  // Of two definitions that want a name, the first one gets it.
  bool DependsOnOthers() const override { return true; }

  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    if (old != nullptr && old->spec() == object.spec()) return OkStatus();
    const auto parsed = schema::ParseDefinition(object.json());
    if (!parsed.ok()) return parsed.error();
    FieldErrors errors = CheckStoredVersions(**parsed, object.status());
    if (old != nullptr) CheckImmutable(*old, object, &errors);
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
  // A version that objects may be stored in cannot be forgotten.
  static FieldErrors CheckStoredVersions(const schema::Definition& d, const Json& status) {
    FieldErrors errors;
    const std::vector<std::string> stored = GetStrings(status, "storedVersions");
    for (size_t i = 0; i < stored.size(); ++i) {
      if (d.FindAnyVersion(stored[i]) != nullptr) continue;
      errors.push_back(Invalid(
          fmt::format("status.storedVersions[{}]", i), stored[i],
          fmt::format("missing from spec.versions; {0} was previously a storage version, and must "
                      "remain in spec.versions until a storage migration ensures no data remains "
                      "persisted in {0} and removes {0} from status.storedVersions",
                      stored[i])));
    }
    return errors;
  }

  static void CheckImmutable(const Object& old, const Object& object, FieldErrors* errors) {
    const auto check = [errors](const std::string& field, const Json& before, const Json& after) {
      if (before != after) errors->push_back(Invalid(field, after, "field is immutable"));
    };
    check("spec.group", GetAny(old.spec(), "group"), GetAny(object.spec(), "group"));
    const Json& before = GetObject(old.spec(), "names");
    const Json& after = GetObject(object.spec(), "names");
    check("spec.names.plural", GetAny(before, "plural"), GetAny(after, "plural"));
    if (!IsConditionTrue(old.status(), "Established")) return;
    check("spec.scope", GetAny(old.spec(), "scope"), GetAny(object.spec(), "scope"));
    check("spec.names.kind", GetAny(before, "kind"), GetAny(after, "kind"));
  }
};

}  // namespace

const Strategy* CrdStrategy() {
  static const Strategy* const strategy = new Crd;
  return strategy;
}

}  // namespace gantry::apiserver
