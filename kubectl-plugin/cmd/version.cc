#include <ostream>

#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

struct VersionFlags {
  bool client = false;
  std::string output;
};

Result<int> Show(Session& session, const VersionFlags& flags) {
  Json versions = {{"clientVersion", {{"gitVersion", "v" GANTRY_VERSION}}}};
  Status reached = OkStatus();
  if (!flags.client) {
    auto server = session.Fetch("GET", "/version", "application/json");
    if (server.ok()) {
      versions["serverVersion"] = *std::move(server);
    } else {
      reached = server.error();
    }
  }
  std::ostream& out = session.io().out;
  if (flags.output == "json") {
    out << versions.dump(2) << "\n";
  } else if (flags.output == "yaml") {
    out << yaml::ToYaml(versions);
  } else if (flags.output.empty()) {
    out << "Client Version: v" GANTRY_VERSION "\n";
    if (const Json& server = GetObject(versions, "serverVersion"); !server.empty()) {
      out << "Server Version: " << GetString(server, "gitVersion") << "\n";
    }
  } else {
    return LocalError("--output must be 'yaml' or 'json'");
  }
  GANTRY_TRY(reached);
  return 0;
}

}  // namespace

void AddVersion(const Command& root, Session* session) {
  auto flags = std::make_shared<VersionFlags>();
  const Command verb = root.Add("version", "show the versions of this program and of the server");
  verb.Flag("--client", &flags->client, "of this program only")
      .Text("-o,--output", &flags->output, "yaml or json");
  verb.Runs([session, flags] { return Show(*session, *flags); });
}

}  // namespace gantry::kubectl
