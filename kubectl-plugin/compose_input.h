#pragma once

#include <string>
#include <vector>

#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// Where a Compose user keeps an application.
struct ComposeSource {
  std::vector<std::string> files;       // none: the one that `docker compose` would take
  std::string env_file;                 // empty: .env beside the first file, if there is one
  std::vector<std::string> parameters;  // KEY=VALUE
};

// The same for an Application.
struct ComposeInput {
  std::string text;
  Json parameters = Json::object();
};

// Reads all of it. Values of variables come from `parameters`, else from the environment of this
// process, else from the .env file, else from those of included projects; the last three only where
// the text uses them.
Result<ComposeInput> ReadComposeInput(Io& io, const ComposeSource& source);

}  // namespace gantry::kubectl
