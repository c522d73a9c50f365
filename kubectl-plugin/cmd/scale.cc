#include <fmt/format.h>

#include <ostream>

#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/selection.h"
#include "kubectl-plugin/targets.h"

namespace gantry::kubectl {
namespace {

struct ScaleFlags {
  std::vector<std::string> words;
  std::optional<int64_t> replicas;
  std::optional<int64_t> current;
};

Status ScaleOne(Session& session, const ServedResource& type, const ObjectKey& key,
                const ScaleFlags& flags) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  Json patch = {{"spec", {{"replicas", *flags.replicas}}}};
  if (flags.current) {
    GANTRY_TRY_SET(const Json scale,
                   client->GetRaw(session.ctx(),
                                  client::ResourcePath(type.resource, key.ns, key.name, "scale")));
    const int64_t now = GetInt(GetObject(scale, "spec"), "replicas");
    if (now != *flags.current) {
      return LocalError(fmt::format("Expected replicas to be {}, was {}", *flags.current, now));
    }
    patch["metadata"]["resourceVersion"] =
        GetString(GetObject(scale, "metadata"), "resourceVersion");
  }
  GANTRY_TRY(
      client->Patch(session.ctx(), type.resource, key, client::PatchType::kMerge, patch, "scale"));
  session.io().out << type.ObjectName(key.name) << " scaled" << std::endl;
  return OkStatus();
}

Result<int> Scale(Session& session, const ScaleFlags& flags) {
  if (!flags.replicas) return LocalError("the --replicas=COUNT flag is required");
  if (*flags.replicas < 0) return LocalError("the --replicas=COUNT must be at least 0");
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(const std::vector<Target> targets, ParseTargets(*mapper, flags.words));
  int code = 0;
  for (const Target& target : targets) {
    if (target.names.empty())
      return LocalError("resource(s) were provided, but no name was specified");
    for (const std::string& name : target.names) {
      const Status s = ScaleOne(session, *target.type, KeyOf(*target.type, ns, name), flags);
      if (s.ok()) continue;
      session.io().err << FormatError(s.error()) << "\n";
      code = 1;
    }
  }
  return code;
}

}  // namespace

void AddScale(const Command& root, Session* session) {
  auto flags = std::make_shared<ScaleFlags>();
  const Command verb = root.Add("scale", "set the number of replicas",
                                "kubectl-gantry scale TYPE/NAME... --replicas=N");
  verb.Words(&flags->words, "types and names")
      .Number("--replicas", &flags->replicas, "how many there shall be")
      .Number("--current-replicas", &flags->current, "only if there are so many now");
  verb.Runs([session, flags] { return Scale(*session, *flags); });
}

}  // namespace gantry::kubectl
