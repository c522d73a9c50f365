#include "controllers/container/host_resources.h"

#include <algorithm>

#include "apis/machinery/base/encoding.h"
#include "controllers/container/engine_config.h"
#include "controllers/container/labels.h"
#include "controllers/runtime/finalizer.h"

namespace gantry::container {
namespace {

docker::StringMap NetworkLabels(const std::string& installation, const Object& container) {
  return {{kEngineInstallation, installation},
          {kEngineKind, "Network"},
          {kEngineNamespace, std::string(container.ns())},
          {kEngineName, NetworkName(container)}};
}

}  // namespace

HostResources::HostResources(runtime::Manager* manager)
    : client_(manager->ClientFor("container")),
      volumes_(manager->InformerFor(v1::kVolumes)->lister()) {}

Result<std::string> HostResources::Lookup(const Context& ctx, const Object& container,
                                          const v1::ContainerTemplate::EnvVar& var) const {
  const bool secret = var.secret.has_value();
  const v1::ContainerTemplate::KeyRef& ref = secret ? *var.secret : *var.config_map;
  const client::Resource& kind = secret ? v1::kSecrets : v1::kConfigMaps;
  const std::string context = fmt::format("variable {}", var.name);
  GANTRY_TRY_SET(const Object source,
                 client_.Get(ctx, kind, {std::string(container.ns()), ref.name}).Wrap(context));
  const Json& value = GetAny(GetObject(source.json(), "data"), ref.key.c_str());
  if (!value.is_string()) {
    return Error(Code::kNotFound, fmt::format("{}: {} {} has no key {}", context,
                                              secret ? "secret" : "configmap", ref.name, ref.key));
  }
  if (!secret) return value.get<std::string>();
  auto decoded = Base64Decode(value.get_ref<const std::string&>());
  if (!decoded) {
    return Error(Code::kInvalid,
                 fmt::format("{}: key {} of secret {} is not base64", context, ref.key, ref.name));
  }
  return std::move(*decoded);
}

Result<std::vector<std::string>> HostResources::ResolveEnv(
    const Context& ctx, const Object& container, const v1::ContainerTemplate& tmpl) const {
  std::vector<std::string> env;
  for (const auto& var : tmpl.env) {
    std::string value = var.value;
    if (var.secret || var.config_map) {
      GANTRY_TRY_SET(value, Lookup(ctx, container, var));
    }
    env.push_back(var.name + "=" + value);
  }
  return env;
}

Status HostResources::NoteNode(const Context& ctx, const Object& volume,
                               const std::string& node) const {
  GANTRY_TRY_SET(const Object current,
                 runtime::AddFinalizer(ctx, client_, v1::kVolumes, volume, v1::kFinalizerVolume));
  std::vector<std::string> nodes = GetStrings(current.status(), "nodes");
  if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return OkStatus();
  nodes.push_back(node);
  // Only over what was read: another host may be noting itself, and a note must not be lost.
  GANTRY_TRY(client_.Patch(ctx, v1::kVolumes, current.key(), client::PatchType::kMerge,
                           {{"metadata", {{"resourceVersion", current.resource_version()}}},
                            {"status", {{"nodes", nodes}}}},
                           "status"));
  return OkStatus();
}

Status HostResources::EnsureVolumes(const Context& ctx, docker::Engine* engine,
                                    const std::string& installation, const Object& container,
                                    const v1::ContainerTemplate& tmpl) const {
  const std::string node = GetString(container.spec(), "nodeName");
  for (const std::string& name : NamedVolumes(tmpl)) {
    const ObjectPtr volume = volumes_.Get({std::string(container.ns()), name});
    if (!volume) return Error(Code::kNotFound, fmt::format("there is no volume {}", name));
    if (volume->deleting())
      return Error(Code::kUnavailable, fmt::format("volume {} is being deleted", name));
    // Noted before it exists: what is deleted by these notes is never missed.
    GANTRY_TRY(NoteNode(ctx, *volume, node).Wrap(fmt::format("volume {}", name)));
    docker::VolumeConfig config;
    config.name = VolumeName(container.ns(), name);
    config.labels = {{kEngineInstallation, installation},
                     {kEngineKind, "Volume"},
                     {kEngineNamespace, std::string(container.ns())},
                     {kEngineName, name},
                     {kEngineUid, std::string(volume->uid())}};
    GANTRY_TRY_SET(const docker::VolumeDetails made,
                   engine->CreateVolume(ctx, config).Wrap(fmt::format("volume {}", name)));
    const auto owner = made.labels.find(kEngineInstallation);
    if (owner == made.labels.end() || owner->second != installation) {
      return Error(Code::kConflict,
                   fmt::format("the host has a volume {} that Gantry did not make; rename one of "
                               "them or remove it there",
                               config.name));
    }
  }
  return OkStatus();
}

HostResources::HostNetworks* HostResources::NetworksOf(const Object& container) const {
  MutexLock lock(&mu_);
  return &networks_[GetString(container.spec(), "nodeName")];
}

Status HostResources::EnsureNetwork(const Context& ctx, docker::Engine* engine,
                                    const std::string& installation,
                                    const Object& container) const {
  docker::NetworkConfig config;
  config.name = NetworkName(container);
  if (config.name.empty()) return OkStatus();
  config.labels = NetworkLabels(installation, container);
  HostNetworks* networks = NetworksOf(container);
  MutexLock lock(&networks->mu);
  if (networks->known.contains(config.name)) return OkStatus();
  GANTRY_TRY_SET(const auto existing, engine->ListNetworks(ctx, {config.labels}));
  // Two of one name, which older engines let happen, start no container: those nothing is on go.
  for (size_t left = existing.size(); left > 1; --left) {
    const Status removed = engine->RemoveNetwork(ctx, existing[left - 1].id);
    if (!removed.ok() && removed.code() != Code::kConflict)
      return removed.error().Wrap(fmt::format("network {}", config.name));
  }
  if (existing.empty()) {
    const auto made = engine->CreateNetwork(ctx, config);
    if (!made.ok() && made.code() != Code::kConflict)
      return made.error().Wrap(fmt::format("network {}", config.name));
  }
  networks->known.insert(config.name);
  return OkStatus();
}

void HostResources::ForgetNetwork(const Object& container) const {
  HostNetworks* networks = NetworksOf(container);
  MutexLock lock(&networks->mu);
  networks->known.erase(NetworkName(container));
}

Status HostResources::RemoveNetworkIfUnused(const Context& ctx, docker::Engine* engine,
                                            const std::string& installation,
                                            const Object& container) const {
  if (NetworkName(container).empty()) return OkStatus();
  ForgetNetwork(container);
  GANTRY_TRY_SET(const auto found,
                 engine->ListNetworks(ctx, {NetworkLabels(installation, container)}));
  for (const docker::NetworkDetails& network : found) {
    const Status removed = engine->RemoveNetwork(ctx, network.id);
    // In use by another container of the application: that one's end will remove it.
    if (!removed.ok() && removed.code() != Code::kConflict && removed.code() != Code::kForbidden)
      return removed;
  }
  return OkStatus();
}

}  // namespace gantry::container
