#include "apis/gantry.dev/v1/namespace_policy.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/storage/cache_set.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

// Kinds with spec.template: what their containers would have of the hosts is the namespace's to
// allow, whoever writes them.
class Template : public Strategy {
 public:
  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    const Json& json = GetObject(object.spec(), "template");
    // What is there already stays usable when the policy becomes stricter.
    if (old != nullptr && GetObject(old->spec(), "template") == json) return OkStatus();
    FieldErrors errors;
    for (const v1::PolicyFault& fault :
         v1::CheckPolicy(PolicyOf(ctx, object.ns()), v1::ContainerTemplate::From(json)))
      errors.push_back(Forbidden("spec.template." + fault.field, fault.detail));
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }
};

}  // namespace

v1::NamespacePolicy PolicyOf(const StrategyContext& ctx, std::string_view ns) {
  const EntryPtr entry =
      ctx.caches->Get({"", "namespaces"})->Get(RelativeKey({"", std::string(ns)}));
  std::string_view label;
  if (entry) entry->header().labels.Find(v1::kLabelPolicy, &label);
  // Admission lets no other word in; one that is there all the same allows nothing.
  return v1::ParseNamespacePolicy(label).value_or(v1::NamespacePolicy::kRestricted);
}

const Strategy* TemplateStrategy() {
  static const Strategy* const strategy = new Template;
  return strategy;
}

}  // namespace gantry::apiserver
