#include "apiserver/core/samples.h"

#include "apis/gantry.dev/v1/app_template.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apiserver/registry/system_user.h"
#include "schemas/embedded.h"

namespace gantry::apiserver {
namespace {

Status MakeSample(Registry* registry, const Context& ctx, const Target& target, Object wanted) {
  wanted.set_gvk(v1::kTemplates.gvk());
  wanted.set_ns(v1::kSystemNamespace);
  wanted.set_label(v1::kLabelSample, "true");
  std::vector<std::string> warnings;
  WriteScope scope = SystemScope(target, {v1::kSystemNamespace, ""}, ctx, &warnings);
  const std::string name(wanted.name());
  if (!registry->Get(target, v1::kSystemNamespace, name).ok()) {
    const Result<Written> made = RunBlocking(registry->Create(scope, wanted.json()));
    if (made.ok() || made.code() == Code::kAlreadyExists) return OkStatus();
    return made.error();
  }
  scope.name = name;
  Mutation mutation;
  mutation.apply = [&wanted](const Json& current) -> Result<Json> {
    Json object = current;
    object["spec"] = wanted.spec();
    object["metadata"]["labels"][v1::kLabelSample] = "true";
    return object;
  };
  const Result<Written> written = RunBlocking(registry->Update(scope, mutation));
  return written.ok() ? OkStatus() : Status(written.error());
}

}  // namespace

Status MakeSamples(Registry* registry, const Context& ctx) {
  GANTRY_TRY_SET(const Target target,
                 registry->deps().kinds->Find(v1::kTemplates.group, v1::kTemplates.version,
                                              v1::kTemplates.plural));
  for (const schemas::Manifest& sample : schemas::Samples()) {
    GANTRY_TRY_SET(Json json, ParseJson(sample.json));
    if (const Status made = MakeSample(registry, ctx, target, Object(std::move(json))); !made.ok())
      return Error(made.error()).Wrap(fmt::format("make {}", sample.path));
  }
  return OkStatus();
}

}  // namespace gantry::apiserver
