#include <algorithm>

#include "apis/compose/compose.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

// Application: a template with faults is refused when it is written, with every fault named; what
// it has that is not honoured comes back as warnings.
class Application : public Strategy {
 public:
  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    if (old != nullptr && old->spec() == object.spec()) return OkStatus();
    const v1::ApplicationSpec spec = v1::ApplicationSpec::From(object);
    compose::Input input;
    input.application = std::string(object.name());
    input.text = spec.compose;
    input.cluster = spec.cluster;
    input.parameters = spec.parameters;
    input.update_type = spec.update_type;
    const compose::Output output = compose::Convert(input);
    for (const std::string& warning : output.warnings)
      ctx.warnings->push_back("spec.compose: " + warning);
    if (output.errors.empty()) return CheckServices(ctx, object, output);
    // Values that come from elsewhere are not known here; the controller judges with them.
    if (!spec.parameters_from.empty() && LacksParameters(output.errors)) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), output.errors);
  }

 private:
  static Status CheckServices(const StrategyContext& ctx, const Object& object,
                              const compose::Output& output) {
    FieldErrors errors;
    const v1::NamespacePolicy policy = PolicyOf(ctx, object.ns());
    for (const compose::Service& service : output.services) {
      for (const v1::PolicyFault& fault : v1::CheckPolicy(policy, service.spec.tmpl)) {
        errors.push_back(Forbidden("spec.compose", fault.detail));
        errors.back().place = fmt::format("services.{}.{}", service.compose_name, fault.compose);
      }
    }
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
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
