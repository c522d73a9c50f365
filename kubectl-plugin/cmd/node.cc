#include <fmt/format.h>

#include <ostream>
#include <sstream>

#include "apis/machinery/base/encoding.h"
#include "kubectl-plugin/applier.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"
#include "kubectl-plugin/mapper.h"

namespace gantry::kubectl {
namespace {

constexpr char kSystemNamespace[] = "gantry-system";
constexpr char kNodes[] = "nodes.gantry.dev";

struct AddFlags {
  std::vector<std::string> words;
  std::string endpoint;
  std::string tls_dir;
  std::string labels;
  std::string cluster = "default";
  bool insecure = false;
};

Status Apply(Session& session, const std::string& type_name, Object manifest) {
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const ServedResource* type, mapper->Find(type_name));
  manifest.set_gvk(type->resource.gvk());
  GANTRY_TRY_SET(const Applied applied, ApplyObject(session, *type, manifest, ApplyOptions()));
  session.io().out << type->ObjectName(manifest.name()) << " " << applied.change << std::endl;
  return OkStatus();
}

// The Secret with the engine's client certificate, made of the files of --tls-dir.
Status ApplyTlsSecret(Session& session, const std::string& name, const std::string& dir) {
  Object secret;
  secret.set_name(name);
  secret.set_ns(kSystemNamespace);
  for (const char* file : {"ca.pem", "cert.pem", "key.pem"}) {
    GANTRY_TRY_SET(const std::string text, ReadTextFile(session.io(), dir + "/" + file));
    secret.json()["data"][file] = Base64Encode(text);
  }
  secret.json()["type"] = "Opaque";
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const ServedResource* namespaces, mapper->Find("namespaces"));
  Object system;
  system.set_gvk(namespaces->resource.gvk());
  system.set_name(kSystemNamespace);
  GANTRY_TRY_SET(const client::Client* client, session.client());
  const auto made = client->Create(session.ctx(), namespaces->resource, system);
  if (!made.ok() && made.code() != Code::kAlreadyExists) return made.error();
  return Apply(session, "secrets", std::move(secret));
}

Result<int> AddOne(Session& session, const AddFlags& flags) {
  if (flags.words.size() != 1) return LocalError("exactly one node name is required");
  const std::string& name = flags.words[0];
  const bool tcp = flags.endpoint.rfind("tcp://", 0) == 0;
  if (!tcp && flags.endpoint.rfind("unix://", 0) != 0) {
    return LocalError("--endpoint is required: unix:///var/run/docker.sock or tcp://host:2376");
  }
  if (tcp && flags.tls_dir.empty() && !flags.insecure) {
    return LocalError(
        "a tcp endpoint needs --tls-dir DIR with ca.pem, cert.pem and key.pem, or "
        "--insecure");
  }
  Object node;
  node.set_name(name);
  std::stringstream labels(flags.labels);
  for (std::string pair; std::getline(labels, pair, ',');) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return LocalError(fmt::format("label \"{}\": write key=value", pair));
    }
    node.set_label(pair.substr(0, equals), pair.substr(equals + 1));
  }
  Json& spec = node.mutable_spec();
  spec["cluster"] = flags.cluster;
  spec["endpoint"] = flags.endpoint;
  if (tcp && !flags.tls_dir.empty()) {
    const std::string secret = name + "-docker";
    GANTRY_TRY(ApplyTlsSecret(session, secret, flags.tls_dir));
    spec["tlsSecretRef"] = {{"namespace", kSystemNamespace}, {"name", secret}};
  } else if (tcp) {
    session.io().err << "Warning: " << flags.endpoint
                     << " is used without TLS: whoever reaches it is root on the host\n";
    spec["insecure"] = true;
  }
  GANTRY_TRY(Apply(session, kNodes, std::move(node)));
  return 0;
}

Result<int> SetUnschedulable(Session& session, const std::vector<std::string>& names, bool value) {
  if (names.empty()) return LocalError("a node name is required");
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const ServedResource* type, mapper->Find(kNodes));
  GANTRY_TRY_SET(const client::Client* client, session.client());
  for (const std::string& word : names) {
    const std::string name = word.substr(word.find('/') + 1);  // npos + 1 is 0
    GANTRY_TRY(client->Patch(session.ctx(), type->resource, {"", name}, client::PatchType::kMerge,
                             {{"spec", {{"unschedulable", value ? Json(true) : Json()}}}}));
    session.io().out << type->ObjectName(name) << (value ? " cordoned" : " uncordoned")
                     << std::endl;
  }
  return 0;
}

void AddCordon(const Command& parent, Session* session, bool value) {
  auto names = std::make_shared<std::vector<std::string>>();
  const Command verb = value ? parent.Add("cordon", "keep new containers away from nodes")
                             : parent.Add("uncordon", "let new containers come to nodes again");
  verb.Words(names.get(), "names of nodes");
  verb.Runs([session, names, value] { return SetUnschedulable(*session, *names, value); });
}

}  // namespace

void AddNode(const Command& root, Session* session) {
  const Command node = root.Add("node", "manage the hosts");
  auto flags = std::make_shared<AddFlags>();
  const Command add =
      node.Add("add", "register a Docker host, or change how it is reached",
               "kubectl-gantry node add NAME --endpoint unix:///var/run/docker.sock");
  add.Words(&flags->words, "the node's name")
      .Text("--endpoint", &flags->endpoint, "unix:///path or tcp://host:port of the Docker Engine")
      .Text("--tls-dir", &flags->tls_dir, "a directory with ca.pem, cert.pem and key.pem for tcp")
      .Text("--labels", &flags->labels, "labels of the node: key=value,key=value")
      .Text("--cluster", &flags->cluster, "the Cluster that the node joins (default)")
      .Flag("--insecure", &flags->insecure, "use a tcp endpoint without TLS");
  add.Runs([session, flags] { return AddOne(*session, *flags); });
  for (const Command& parent : {node, root}) {
    AddCordon(parent, session, true);
    AddCordon(parent, session, false);
  }
}

}  // namespace gantry::kubectl
