#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/names.h"
#include "apiserver/rbac/decode.h"
#include "apiserver/rbac/escalation.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

void EraseNull(Json* object, const char* field) {
  const auto it = object->find(field);
  if (it != object->end() && it->is_null()) object->erase(it);
}

// Whether an update touches only what the garbage collector needs to let an object go.
bool OnlyMetadataOfDeletion(const Object& old, const Object& updated) {
  Json a = old.json();
  Json b = updated.json();
  for (Json* json : {&a, &b}) {
    for (const char* field : {"finalizers", "ownerReferences", "managedFields", "resourceVersion"})
      (*json)["metadata"].erase(field);
  }
  return a == b;
}

rbac::Written WrittenOf(const StrategyContext& ctx, const Object* old, const Object& object) {
  return {ctx.target.def().plural, std::string(object.ns()), std::string(object.name()),
          old != nullptr};
}

Status Judge(const StrategyContext& ctx, const Object& object, const FieldErrors& errors) {
  if (errors.empty()) return OkStatus();
  return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
}

// Role and ClusterRole. The rules of a ClusterRole with an aggregationRule are those of the roles
// that it selects, whatever the client sent.
class RoleKind : public Strategy {
 public:
  void Prepare(const StrategyContext& ctx, const Object*, std::string_view,
               Object* object) const override {
    Json& json = object->json();
    EraseNull(&json, "rules");
    EraseNull(&json, "aggregationRule");
    if (!json.contains("aggregationRule")) return;
    json["rules"] = Json::array();
    for (const rbac::Rule& rule :
         ctx.policy.Aggregate(std::string(object->name()), rbac::SelectorsOf(json))) {
      json["rules"].push_back(rbac::RuleToJson(rule));
    }
  }

  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    FieldErrors errors;
    ValidateRules(ctx.target.def().namespaced, object, &errors);
    ValidateAggregation(object, &errors);
    GANTRY_TRY(Judge(ctx, object, errors));
    if (old != nullptr && OnlyMetadataOfDeletion(*old, object)) return OkStatus();
    const bool aggregates = object.json().contains("aggregationRule") ||
                            (old != nullptr && old->json().contains("aggregationRule"));
    return rbac::CheckRole(ctx.policy, ctx.user, WrittenOf(ctx, old, object),
                           rbac::RulesFromJson(GetArray(object.json(), "rules")), aggregates);
  }

 private:
  static void ValidateRules(bool namespaced, const Object& object, FieldErrors* errors) {
    const Json& rules = GetArray(object.json(), "rules");
    for (size_t i = 0; i < rules.size(); ++i) {
      const Json& rule = rules[i];
      const std::string at = fmt::format("rules[{}]", i);
      const auto empty = [&](const char* field) { return GetArray(rule, field).empty(); };
      if (empty("verbs")) {
        errors->push_back(Required(at + ".verbs", "verbs must contain at least one value"));
      }
      if (!empty("nonResourceURLs")) {
        const Json& urls = rule["nonResourceURLs"];
        if (namespaced) {
          errors->push_back(Invalid(at + ".nonResourceURLs", urls,
                                    "namespaced rules cannot apply to non-resource URLs"));
        }
        if (!empty("apiGroups") || !empty("resources") || !empty("resourceNames")) {
          errors->push_back(
              Invalid(at + ".nonResourceURLs", urls,
                      "rules cannot apply to both regular resources and non-resource URLs"));
        }
        continue;
      }
      if (empty("apiGroups")) {
        errors->push_back(
            Required(at + ".apiGroups", "resource rules must supply at least one api group"));
      }
      if (empty("resources")) {
        errors->push_back(
            Required(at + ".resources", "resource rules must supply at least one resource"));
      }
    }
  }

  static void ValidateAggregation(const Object& object, FieldErrors* errors) {
    if (!object.json().contains("aggregationRule")) return;
    const std::string at = "aggregationRule.clusterRoleSelectors";
    const Json& selectors =
        GetArray(GetObject(object.json(), "aggregationRule"), "clusterRoleSelectors");
    if (selectors.empty()) {
      errors->push_back(
          Required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
    }
    for (size_t i = 0; i < selectors.size(); ++i) {
      const Result<LabelSelector> selector = LabelSelector::FromJson(selectors[i]);
      if (!selector.ok()) {
        errors->push_back(
            Invalid(fmt::format("{}[{}]", at, i), selectors[i], selector.error().message));
      }
    }
  }
};

// RoleBinding and ClusterRoleBinding.
class BindingKind : public Strategy {
 public:
  void Prepare(const StrategyContext&, const Object*, std::string_view,
               Object* object) const override {
    Json& json = object->json();
    EraseNull(&json, "subjects");
    if (Json* ref = ObjectIn(&json, "roleRef"); ref != nullptr) Default(ref);
    const auto subjects = json.find("subjects");
    if (subjects == json.end() || !subjects->is_array()) return;
    for (Json& subject : *subjects) {
      if (!subject.is_object()) continue;
      const std::string kind = GetString(subject, "kind");
      if (kind == "User" || kind == "Group") Default(&subject);
      if (GetString(subject, "apiGroup", "x").empty()) subject.erase("apiGroup");
    }
  }

  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    const bool namespaced = ctx.target.def().namespaced;
    FieldErrors errors;
    const Json& ref = GetObject(object.json(), "roleRef");
    ValidateRef(namespaced, ref, &errors);
    const Json& subjects = GetArray(object.json(), "subjects");
    for (size_t i = 0; i < subjects.size(); ++i) {
      ValidateSubject(namespaced, subjects[i], fmt::format("subjects[{}]", i), &errors);
    }
    if (old != nullptr && GetObject(old->json(), "roleRef") != ref) {
      errors.push_back(Invalid("roleRef", ref, "cannot change roleRef"));
    }
    GANTRY_TRY(Judge(ctx, object, errors));
    if (old != nullptr && OnlyMetadataOfDeletion(*old, object)) return OkStatus();
    return rbac::CheckBinding(ctx.policy, ctx.user, WrittenOf(ctx, old, object),
                              rbac::RoleRefOf(object.json(), std::string(object.ns())));
  }

 private:
  static Json* ObjectIn(Json* json, const char* field) {
    const auto it = json->find(field);
    return it != json->end() && it->is_object() ? &*it : nullptr;
  }
  static void Default(Json* reference) {
    if (GetString(*reference, "apiGroup").empty()) (*reference)["apiGroup"] = rbac::kGroup;
  }

  static void ValidateRef(bool namespaced, const Json& ref, FieldErrors* errors) {
    if (const std::string group = GetString(ref, "apiGroup"); group != rbac::kGroup) {
      errors->push_back(NotSupported("roleRef.apiGroup", group, {rbac::kGroup}));
    }
    const std::string kind = GetString(ref, "kind");
    if (kind != "ClusterRole" && !(namespaced && kind == "Role")) {
      errors->push_back(NotSupported("roleRef.kind", kind,
                                     namespaced ? std::vector<std::string>{"Role", "ClusterRole"}
                                                : std::vector<std::string>{"ClusterRole"}));
    }
    const std::string name = GetString(ref, "name");
    if (name.empty()) {
      errors->push_back(Required("roleRef.name", ""));
    } else if (name == "." || name == ".." || name.find_first_of("/%") != std::string::npos) {
      errors->push_back(
          Invalid("roleRef.name", name, "may not be '.' or '..' and may not contain '/' or '%'"));
    }
  }

  static void ValidateSubject(bool namespaced, const Json& subject, const std::string& at,
                              FieldErrors* errors) {
    const std::string name = GetString(subject, "name");
    const std::string kind = GetString(subject, "kind");
    const std::string group = GetString(subject, "apiGroup");
    if (name.empty()) errors->push_back(Required(at + ".name", ""));
    if (kind == "ServiceAccount") {
      if (const std::string why = ValidateDnsSubdomain(name); !name.empty() && !why.empty()) {
        errors->push_back(Invalid(at + ".name", name, why));
      }
      if (!group.empty()) errors->push_back(NotSupported(at + ".apiGroup", group, {""}));
      if (!namespaced && GetString(subject, "namespace").empty()) {
        errors->push_back(Required(at + ".namespace", ""));
      }
    } else if (kind == "User" || kind == "Group") {
      if (group != rbac::kGroup) {
        errors->push_back(NotSupported(at + ".apiGroup", group, {rbac::kGroup}));
      }
    } else {
      errors->push_back(NotSupported(at + ".kind", kind, {"ServiceAccount", "User", "Group"}));
    }
  }
};

}  // namespace

const Strategy* RoleStrategy() {
  static const Strategy* const strategy = new RoleKind;
  return strategy;
}

const Strategy* RoleBindingStrategy() {
  static const Strategy* const strategy = new BindingKind;
  return strategy;
}

}  // namespace gantry::apiserver
