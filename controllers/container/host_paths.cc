#include "controllers/container/host_paths.h"

#include <filesystem>

#include "apis/gantry.dev/v1/namespace_policy.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/gantry.dev/v1/types.h"

namespace gantry::container {
namespace {

Result<v1::NamespaceRules> RulesFor(const Context& ctx, const client::Client& client,
                                    const runtime::Lister& nodes, std::string_view ns) {
  GANTRY_TRY_SET(const Object own, client.Get(ctx, v1::kNamespaces, {"", std::string(ns)}));
  GANTRY_TRY_SET(const Object system, client.Get(ctx, v1::kNamespaces, {"", v1::kSystemNamespace}));
  v1::NamespaceRules rules = v1::NamespaceRules::From(own);
  for (const std::string& path : v1::SplitList(system.annotation(v1::kAnnotationProtectedPaths)))
    rules.protected_paths.push_back(v1::CleanPath(path));
  for (const ObjectPtr& node : nodes.List()) {
    std::string socket = v1::SocketOf(v1::NodeSpec::From(*node).endpoint);
    if (!socket.empty()) rules.protected_paths.push_back(std::move(socket));
  }
  return rules;
}

}  // namespace

Status FollowLinks(const Context& ctx, const client::Client& client, const runtime::Lister& nodes,
                   const Object& container, docker::ContainerConfig* config) {
  const std::string node_name = GetString(container.spec(), "nodeName");
  const ObjectPtr node = nodes.Get({"", node_name});
  if (!node || v1::SocketOf(v1::NodeSpec::From(*node).endpoint).empty()) return OkStatus();
  for (docker::Mount& mount : config->mounts) {
    if (mount.type != "bind") continue;
    std::error_code error;
    const std::string real = std::filesystem::weakly_canonical(mount.source, error).string();
    if (error || v1::CleanPath(real) == v1::CleanPath(mount.source)) continue;
    GANTRY_TRY_SET(const v1::NamespaceRules rules, RulesFor(ctx, client, nodes, container.ns()));
    if (const std::string fault = v1::BindFault(rules, real); !fault.empty())
      return Error(Code::kForbidden, fmt::format("mount {} leads elsewhere on node {}: {}",
                                                 mount.source, node_name, fault));
    mount.source = real;
  }
  return OkStatus();
}

}  // namespace gantry::container
