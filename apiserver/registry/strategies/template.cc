#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/storage/cache_set.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

// The sockets at which this installation reaches its own engines.
void AddEngineSockets(const StrategyContext& ctx, std::vector<std::string>* paths) {
  const Snapshot nodes = ctx.caches->Get({v1::kNodes.group, v1::kNodes.plural})->Current();
  for (Tree::Iterator it(nodes.tree, ""); it.Valid(); it.Next()) {
    std::string wire;
    it.entry()->AppendWire(&wire);
    if (wire.find(v1::kUnixEndpoint) == std::string::npos) continue;
    const Result<Json> node = it.entry()->Decode();
    if (!node.ok()) continue;
    const std::string endpoint = GetString(GetObject(*node, "spec"), "endpoint");
    if (std::string socket = v1::SocketOf(endpoint); !socket.empty())
      paths->push_back(std::move(socket));
  }
}

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
    const v1::ContainerTemplate tmpl = v1::ContainerTemplate::From(json);
    for (const v1::PolicyFault& fault : v1::CheckPolicy(RulesOf(ctx, object.ns(), {&tmpl}), tmpl))
      errors.push_back(Forbidden("spec.template." + fault.field, fault.detail));
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }
};

}  // namespace

v1::NamespaceRules RulesOf(const StrategyContext& ctx, std::string_view ns,
                           const std::vector<const v1::ContainerTemplate*>& judged) {
  const ResourceCache* const namespaces = ctx.caches->Get({"", "namespaces"});
  const auto find = [namespaces](std::string_view name) {
    const EntryPtr entry = namespaces->Get(RelativeKey({"", std::string(name)}));
    Result<Json> json = entry ? entry->Decode() : Result<Json>(Json::object());
    // One that cannot be read allows nothing.
    return Object(json.ok() ? *std::move(json) : Json::object());
  };
  v1::NamespaceRules rules = v1::NamespaceRules::From(find(ns));
  const bool binds = std::any_of(judged.begin(), judged.end(), [](const auto* tmpl) {
    return std::any_of(tmpl->mounts.begin(), tmpl->mounts.end(),
                       [](const auto& mount) { return mount.type == "bind"; });
  });
  if (!binds) return rules;
  const Object system = find(v1::kSystemNamespace);
  for (const std::string& path : v1::SplitList(system.annotation(v1::kAnnotationProtectedPaths)))
    rules.protected_paths.push_back(v1::CleanPath(path));
  AddEngineSockets(ctx, &rules.protected_paths);
  return rules;
}

const Strategy* TemplateStrategy() {
  static const Strategy* const strategy = new Template;
  return strategy;
}

}  // namespace gantry::apiserver
