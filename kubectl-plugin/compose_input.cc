#include "kubectl-plugin/compose_input.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "kubectl-plugin/compose_project.h"
#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

namespace fs = std::filesystem;
using Variables = std::map<std::string, std::string>;

Result<std::string> DefaultFile() {
  for (const char* name :
       {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}) {
    std::error_code ec;
    if (fs::exists(name, ec)) return std::string(name);
  }
  return LocalError("no compose.yaml or docker-compose.yml here; name one with -f");
}

Result<Variables> Given(const std::vector<std::string>& pairs) {
  Variables out;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return LocalError(fmt::format("--param \"{}\": write KEY=VALUE", pair));
    out[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return out;
}

// The .env file that belongs to the project; empty for none.
std::string EnvFileOf(const ComposeSource& source, const std::string& first) {
  if (!source.env_file.empty() || first == "-") return source.env_file;
  const std::string beside = (fs::path(first).parent_path() / ".env").string();
  std::error_code ec;
  return fs::exists(beside, ec) ? beside : "";
}

}  // namespace

Result<ComposeInput> ReadComposeInput(Io& io, const ComposeSource& source) {
  std::vector<std::string> files = source.files;
  if (files.empty()) {
    GANTRY_TRY_SET(files.emplace_back(), DefaultFile());
  }
  GANTRY_TRY_SET(const Variables given, Given(source.parameters));
  Variables variables = given;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const size_t equals = text.find('='); equals != text.npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  if (const std::string env = EnvFileOf(source, files[0]); !env.empty())
    GANTRY_TRY(ReadVariables(io, env, &variables));
  GANTRY_TRY_SET(ComposeProject project, LoadComposeProject(io, files, std::move(variables)));

  ComposeInput out;
  out.text = std::move(project.text);
  for (const auto& [name, value] : given) out.parameters[name] = value;
  for (const std::string& name : project.used) {
    if (const auto known = project.variables.find(name); known != project.variables.end())
      out.parameters[name] = known->second;
  }
  return out;
}

}  // namespace gantry::kubectl
