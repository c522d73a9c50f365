#pragma once

#include <map>
#include <string>
#include <vector>

#include "apis/compose/values.h"
#include "apis/gantry.dev/v1/container_template.h"
#include "apis/gantry.dev/v1/placement.h"

namespace gantry::compose {

struct Environment {
  std::vector<v1::ContainerTemplate::EnvVar> variables;  // each name once
  std::map<std::string, std::string> secrets;            // data of `secret_name`
};

// Reads `environment`. Values that hold a secret parameter become references to `secret_name`,
// under keys that begin with `key_prefix`. Placement rules in the style of Swarm go to `placement`;
// `self` is the name of the service.
Environment ReadEnvironment(const Field& field, const std::map<std::string, size_t>& secrets,
                            const std::string& secret_name, const std::string& key_prefix,
                            const std::string& self, v1::Placement* placement, Diagnostics* diag);

}  // namespace gantry::compose
