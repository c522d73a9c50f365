#include "apis/gantry.dev/v1/app_template.h"

#include <algorithm>

#include "apis/compose/compose.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/registry/system_user.h"

namespace gantry::apiserver {
namespace {

// Stands for a text that nobody knows yet. A fault that is about it is none of the template.
constexpr char kUnknown[] = "gantry-unknown-value";

bool IsUsed(const std::string& compose, const std::string& name) {
  return compose.find("$" + name) != std::string::npos ||
         compose.find("${" + name) != std::string::npos;
}

// Some value for the document to be judged with.
std::string ValueOf(const v1::TemplateParameter& parameter) {
  if (parameter.default_value) return *parameter.default_value;
  if (!parameter.options.empty()) return parameter.options.front();
  if (parameter.type == "Integer") return "8080";
  if (parameter.type == "Number") return "1";
  if (parameter.type == "Boolean") return "true";
  return kUnknown;
}

// Template: each version's document is judged as an Application's would be, with the defaults of
// its parameters. What comes with Gantry is written by nobody else.
class AppTemplate : public Strategy {
 public:
  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    const bool sample = v1::IsSample(object) || (old != nullptr && v1::IsSample(*old));
    if (sample && ctx.user.name != SystemUser().name) {
      return Error(Code::kForbidden,
                   fmt::format("templates.gantry.dev \"{}\" is forbidden: what comes with Gantry "
                               "(label {}) is read-only; copy it under another name",
                               object.name(), v1::kLabelSample));
    }
    // When rules become stricter, labels and finalizers of what is there can still be changed.
    if (old != nullptr && old->spec() == object.spec()) return OkStatus();
    FieldErrors errors;
    const v1::TemplateSpec spec = v1::TemplateSpec::From(object);
    for (size_t i = 0; i < spec.versions.size(); ++i)
      Check(ctx, object, spec.versions[i], fmt::format("spec.versions[{}]", i), &errors);
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }

  Status ValidateDelete(const User& user, const Object& object) const override {
    if (!v1::IsSample(object) || user.name == SystemUser().name) return OkStatus();
    return Error(Code::kForbidden,
                 fmt::format("templates.gantry.dev \"{}\" is forbidden: what comes with Gantry is "
                             "not deleted",
                             object.name()));
  }

 private:
  static void Check(const StrategyContext& ctx, const Object& object,
                    const v1::TemplateVersion& version, const std::string& field,
                    FieldErrors* errors) {
    compose::Input input;
    input.application = std::string(object.name());
    input.text = version.compose;
    for (size_t i = 0; i < version.parameters.size(); ++i) {
      const v1::TemplateParameter& parameter = version.parameters[i];
      const std::string at = fmt::format("{}.parameters[{}]", field, i);
      CheckParameter(parameter, at, errors);
      if (!IsUsed(version.compose, parameter.name))
        ctx.warnings->push_back(
            fmt::format("{}: the document does not use {}", at, parameter.name));
      (parameter.secret() ? input.secret_parameters : input.parameters)[parameter.name] =
          ValueOf(parameter);
    }
    const compose::Output output = compose::Convert(input);
    for (const std::string& warning : output.warnings)
      ctx.warnings->push_back(fmt::format("{}.compose: {}", field, warning));
    for (FieldError error : output.errors) {
      if (error.value.find(kUnknown) != std::string::npos ||
          error.detail.find(kUnknown) != std::string::npos)
        continue;
      error.field = error.field == "spec.parameters" ? field + ".parameters" : field + ".compose";
      errors->push_back(std::move(error));
    }
  }

  static void CheckParameter(const v1::TemplateParameter& parameter, const std::string& field,
                             FieldErrors* errors) {
    if (parameter.default_value) {
      if (const std::string fault = parameter.Fault(*parameter.default_value); !fault.empty())
        errors->push_back(Invalid(field + ".default", *parameter.default_value, fault));
      if (parameter.secret())
        errors->push_back(Forbidden(field + ".default", "a password that all know is none"));
    }
    v1::TemplateParameter of_type = parameter;
    of_type.options.clear();
    for (const std::string& option : parameter.options) {
      if (const std::string fault = of_type.Fault(option); !fault.empty())
        errors->push_back(Invalid(field + ".options", option, fault));
    }
  }
};

}  // namespace

const Strategy* AppTemplateStrategy() {
  static const Strategy* const strategy = new AppTemplate;
  return strategy;
}

}  // namespace gantry::apiserver
