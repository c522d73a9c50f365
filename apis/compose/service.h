#pragma once

#include <map>
#include <string>
#include <vector>

#include "apis/compose/compose.h"
#include "apis/compose/dependencies.h"
#include "apis/compose/document.h"
#include "apis/compose/labels.h"
#include "apis/compose/mounts.h"

namespace gantry::compose {

// What the services of one document share. All are references into the conversion.
struct ServiceContext {
  const Input& input;
  const Document& document;
  const std::map<std::string, std::string>& names;  // service name -> object name
  const VolumeTable& volumes;
};

// Reads one service. `dependencies` gets its edges, in names of the document (those of
// spec.depends_on are object names); `secrets` the texts that its environment refers to,
// `listeners` those of its labels.
Service ReadService(const ServiceContext& context, const std::string& compose_name,
                    std::vector<Dependency>* dependencies,
                    std::map<std::string, std::string>* secrets,
                    std::vector<LabelSettings::Listener>* listeners, Diagnostics* diag);

}  // namespace gantry::compose
