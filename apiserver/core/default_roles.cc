#include "apiserver/core/default_roles.h"

#include "apis/machinery/meta/object.h"
#include "apiserver/rbac/bootstrap.h"
#include "apiserver/registry/codec.h"
#include "apiserver/registry/system_user.h"

namespace gantry::apiserver {
namespace {

Status MakeOne(Registry* registry, const Context& ctx, const rbac::Default& wanted) {
  GANTRY_TRY_SET(const Target target,
                 registry->deps().kinds->Find(rbac::kGroup, "v1", wanted.resource));
  std::vector<std::string> warnings;
  WriteScope scope = SystemScope(target, {wanted.ns, ""}, ctx, &warnings);
  const Result<EntryPtr> stored = registry->Get(target, wanted.ns, wanted.name);
  if (stored.ok()) {
    GANTRY_TRY_SET(const Json object, DecodeEntry(target, **stored));
    // A binding to another role cannot become the right one.
    const bool other =
        wanted.object.contains("roleRef") && GetString(GetObject(object, "roleRef"), "name") !=
                                                 GetString(wanted.object["roleRef"], "name");
    const std::optional<Json> better = rbac::Reconciled(object, wanted.object);
    if (!better) return OkStatus();
    scope.name = wanted.name;
    if (!other) {
      Mutation mutation;
      mutation.apply = [&better](const Json&) -> Result<Json> { return *better; };
      GANTRY_TRY(RunBlocking(registry->Update(scope, mutation)));
      return OkStatus();
    }
    GANTRY_TRY(RunBlocking(registry->Delete(scope, {})));
    scope.name.clear();
  }
  const Result<Written> made = RunBlocking(registry->Create(scope, wanted.object));
  if (made.ok() || made.code() == Code::kAlreadyExists) return OkStatus();
  return made.error();
}

}  // namespace

Status MakeDefaultRoles(Registry* registry, const Context& ctx) {
  for (const rbac::Default& wanted : rbac::Defaults()) {
    if (const Status made = MakeOne(registry, ctx, wanted); !made.ok()) {
      return Error(made.error()).Wrap("make " + wanted.resource + " \"" + wanted.name + "\"");
    }
  }
  return OkStatus();
}

}  // namespace gantry::apiserver
