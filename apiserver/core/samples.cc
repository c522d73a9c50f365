#include "apiserver/core/samples.h"

#include <set>

#include "apis/gantry.dev/v1/app_template.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/log.h"
#include "apiserver/registry/codec.h"
#include "apiserver/registry/system_user.h"
#include "apiserver/storage/keys.h"
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
  mutation.apply = [&wanted, &name](const Json& current) -> Result<Json> {
    if (!v1::IsSample(Object(current))) {
      LOG_WARN("a template has a sample's name: left as it is", {"name", name});
      return current;
    }
    Json object = current;
    object["spec"] = wanted.spec();
    return object;
  };
  const Result<Written> written = RunBlocking(registry->Update(scope, mutation));
  return written.ok() ? OkStatus() : Status(written.error());
}

// Deletes the samples that only an older Gantry came with.
Status DropOldSamples(Registry* registry, const Context& ctx, const Target& target,
                      const std::set<std::string>& names) {
  const Snapshot now = target.kind->cache->Current();
  const std::string prefix = RelativeKey({v1::kSystemNamespace, ""});
  for (Tree::Iterator it(now.tree, prefix); it.Valid(); it.Next()) {
    if (!it.entry()->key().starts_with(prefix)) break;
    const std::string name = ParseRelativeKey(it.entry()->key()).name;
    if (names.contains(name)) continue;
    GANTRY_TRY_SET(Json json, DecodeEntry(target, *it.entry()));
    if (!v1::IsSample(Object(std::move(json)))) continue;
    std::vector<std::string> warnings;
    WriteScope scope = SystemScope(target, {v1::kSystemNamespace, name}, ctx, &warnings);
    const Result<Deleted> deleted = RunBlocking(registry->Delete(scope, {}));
    if (!deleted.ok() && deleted.code() != Code::kNotFound)
      return Error(deleted.error()).Wrap(fmt::format("delete the old sample {}", name));
  }
  return OkStatus();
}

}  // namespace

Status MakeSamples(Registry* registry, const Context& ctx) {
  GANTRY_TRY_SET(const Target target,
                 registry->deps().kinds->Find(v1::kTemplates.group, v1::kTemplates.version,
                                              v1::kTemplates.plural));
  std::set<std::string> names;
  for (const schemas::Manifest& sample : schemas::Samples()) {
    GANTRY_TRY_SET(Json json, ParseJson(sample.json));
    Object object(std::move(json));
    names.emplace(object.name());
    if (const Status made = MakeSample(registry, ctx, target, std::move(object)); !made.ok())
      return Error(made.error()).Wrap(fmt::format("make {}", sample.path));
  }
  return DropOldSamples(registry, ctx, target, names);
}

}  // namespace gantry::apiserver
