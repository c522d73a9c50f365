#pragma once

#include "apiserver/registry/strategy.h"

// One factory per strategy; each lives for ever.
namespace gantry::apiserver {

const Strategy* DataStrategy();  // ConfigMap, Secret
const Strategy* ApplicationStrategy();
const Strategy* NamespaceStrategy();
const Strategy* CrdStrategy();
const Strategy* RoleStrategy();         // Role, ClusterRole
const Strategy* RoleBindingStrategy();  // RoleBinding, ClusterRoleBinding
const Strategy* ReviewStrategy();       // authorization and authentication reviews

}  // namespace gantry::apiserver
