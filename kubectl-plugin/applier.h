#pragma once

#include <string>

#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

struct ApplyOptions {
  bool dry_run = false;  // by the server
  std::string field_validation = "Strict";
  std::string source;                                       // a file, for messages
  std::string field_manager = "kubectl-client-side-apply";  // kubectl's, so that both own together
};

struct Applied {
  Object object;       // as the server has it now
  const char* change;  // created, configured or unchanged
};

// Creates the object, or patches what the manifest changed (three_way.h). REQUIRES: it has a name,
// and a namespace when its type wants one.
Result<Applied> ApplyObject(Session& session, const ServedResource& type, const Object& manifest,
                            const ApplyOptions& options);

}  // namespace gantry::kubectl
