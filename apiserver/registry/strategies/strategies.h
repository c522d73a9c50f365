#pragma once

#include "apis/gantry.dev/v1/namespace_policy.h"
#include "apiserver/registry/strategy.h"

// One factory per strategy; each lives for ever.
namespace gantry::apiserver {

const Strategy* DataStrategy();  // ConfigMap, Secret
const Strategy* ApplicationStrategy();
const Strategy* TemplateStrategy();  // Service, ServiceRevision, Container
const Strategy* NamespaceStrategy();
const Strategy* CrdStrategy();
const Strategy* RoleStrategy();         // Role, ClusterRole
const Strategy* RoleBindingStrategy();  // RoleBinding, ClusterRoleBinding
const Strategy* CertificateRequestStrategy();
const Strategy* AppTemplateStrategy();
const Strategy* QuotaStrategy();
const Strategy* ReviewStrategy();  // authorization and authentication reviews

// What the namespace allows its containers, as far as it matters to `judged`.
v1::NamespaceRules RulesOf(const StrategyContext& ctx, std::string_view ns,
                           const std::vector<const v1::ContainerTemplate*>& judged);

}  // namespace gantry::apiserver
