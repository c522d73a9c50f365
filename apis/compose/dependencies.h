#pragma once

#include <map>
#include <string>
#include <vector>

#include "apis/compose/values.h"

namespace gantry::compose {

// One edge: the service has to wait for `service`, a name in the document.
struct Dependency {
  std::string service;
  std::string condition;  // Started | Healthy | Completed
};

// Reads `depends_on` and adds the names of `links` and of the label; each service once, by name.
// `names` holds the services of the document, `inactive` those whose profiles are not active.
std::vector<Dependency> ReadDependencies(const Field& service, const std::vector<KeyValue>& label,
                                         const std::map<std::string, std::string>& names,
                                         const std::map<std::string, std::string>& inactive,
                                         Diagnostics* diag);

// Reports every cycle of `edges` once, as `a -> b -> a`, at the place of the services.
void CheckCycles(const std::map<std::string, std::vector<Dependency>>& edges,
                 const std::string& place, Diagnostics* diag);

}  // namespace gantry::compose
