#include <fmt/ranges.h>

#include <algorithm>

#include "apis/compose/compose.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

// What of a spec decides what runs. Where a version was given, it names one state of these.
constexpr const char* kVersioned[] = {"compose", "parameters", "parametersFrom", "profiles"};

// Both absent, or both without content, or the same.
bool SameContent(const Json& a, const Json& b) { return a == b || (a.empty() && b.empty()); }

// A changed template needs another version, once it has one: two states under one name could not be
// told apart afterwards.
FieldErrors CheckVersion(const Object& old, const Object& object) {
  const std::string before = GetString(old.spec(), "version");
  const std::string after = GetString(object.spec(), "version");
  if (before.empty() || (!after.empty() && after != before)) return {};
  std::vector<std::string> changed;
  for (const char* field : kVersioned) {
    if (!SameContent(GetAny(old.spec(), field), GetAny(object.spec(), field)))
      changed.push_back(fmt::format("spec.{}", field));
  }
  if (changed.empty()) return {};
  const std::string what = fmt::format("{}", fmt::join(changed, " and "));
  if (after.empty()) {
    return {Required("spec.version", fmt::format("version \"{}\" is replaced by another {}: give "
                                                 "the new state a version, too",
                                                 before, what))};
  }
  return {Invalid("spec.version", after,
                  fmt::format("must be another one than before, because {} changed", what))};
}

// Application: a template with faults is refused when it is written, with every fault named; what
// it has that is not honoured comes back as warnings. A changed one needs another version.
class Application : public Strategy {
 public:
  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    if (old != nullptr && old->spec() == object.spec()) return OkStatus();
    FieldErrors errors;
    if (old != nullptr) errors = CheckVersion(*old, object);
    const v1::ApplicationSpec spec = v1::ApplicationSpec::From(object);
    compose::Input input;
    input.application = std::string(object.name());
    input.text = spec.compose;
    input.cluster = spec.cluster;
    input.parameters = spec.parameters;
    input.update_type = spec.update_type;
    input.profiles = spec.profiles;
    const compose::Output output = compose::Convert(input);
    for (const std::string& warning : output.warnings)
      ctx.warnings->push_back("spec.compose: " + warning);
    if (output.errors.empty()) {
      CheckServices(ctx, object, output, &errors);
    } else if (spec.parameters_from.empty() || !LacksParameters(output.errors)) {
      // Else values come from elsewhere and are not known here; the controller judges with them.
      errors.insert(errors.end(), output.errors.begin(), output.errors.end());
    }
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }

 private:
  static void CheckServices(const StrategyContext& ctx, const Object& object,
                            const compose::Output& output, FieldErrors* errors) {
    std::vector<const v1::ContainerTemplate*> templates;
    for (const compose::Service& service : output.services) templates.push_back(&service.spec.tmpl);
    const v1::NamespaceRules rules = RulesOf(ctx, object.ns(), templates);
    for (const compose::Service& service : output.services) {
      for (const v1::PolicyFault& fault : v1::CheckPolicy(rules, service.spec.tmpl)) {
        errors->push_back(Forbidden("spec.compose", fault.detail));
        errors->back().place = fmt::format("services.{}.{}", service.compose_name, fault.compose);
      }
    }
  }

  static bool LacksParameters(const FieldErrors& errors) {
    return std::any_of(errors.begin(), errors.end(), [](const FieldError& e) {
      return e.type == FieldError::Type::kRequired && e.field == "spec.parameters";
    });
  }
};

}  // namespace

const Strategy* ApplicationStrategy() {
  static const Application* const strategy = new Application;
  return strategy;
}

}  // namespace gantry::apiserver
