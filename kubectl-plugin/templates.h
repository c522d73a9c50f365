#pragma once

#include <map>
#include <string>
#include <vector>

#include "apis/gantry.dev/v1/app_template.h"
#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// A Template by name: of the session's namespace, else one that comes with Gantry. A local error
// names both places when there is none.
Result<Object> FindTemplate(Session& session, const std::string& name);
// Those of the session's namespace, then those that come with Gantry.
Result<std::vector<Object>> AllTemplates(Session& session);

// The version, or a local error that names those there are. Empty: the newest.
Result<const v1::TemplateVersion*> VersionOf(const v1::TemplateSpec& spec, const std::string& name,
                                             const std::string& version);

// `KEY=VALUE` texts; a local error names one that is none.
Result<std::map<std::string, std::string>> ParsePairs(const std::string& flag,
                                                      const std::vector<std::string>& pairs);

// Values for the parameters of `version`: those `given`, else asked for on the terminal, else their
// defaults, which are left out. A local error lists all that are missing, wrong or unknown.
Result<std::map<std::string, std::string>> FillParameters(Session& session,
                                                          const v1::TemplateVersion& version,
                                                          std::map<std::string, std::string> given);

}  // namespace gantry::kubectl
