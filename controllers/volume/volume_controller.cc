#include "controllers/volume/volume_controller.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "controllers/container/engine_config.h"
#include "controllers/container/labels.h"
#include "controllers/runtime/finalizer.h"
#include "controllers/runtime/status_patch.h"

namespace gantry::volume {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLookAgain = 5s;

// The names of the volumes that a Container mounts.
std::vector<std::string> VolumesOf(const Object& container) {
  return container::NamedVolumes(
      v1::ContainerTemplate::From(GetObject(container.spec(), "template")));
}

class VolumeReconciler : public runtime::Reconciler {
 public:
  VolumeReconciler(runtime::Manager* manager, hosts::HostPool* hosts)
      : client_(manager->ClientFor("volume")),
        volumes_(manager->InformerFor(v1::kVolumes)->lister()),
        containers_(manager->InformerFor(v1::kContainers)->lister()),
        hosts_(hosts),
        clock_(manager->clock()) {
    manager->InformerFor(v1::kNodes);  // the pool reads it
  }

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override {
    const ObjectPtr volume = volumes_.Get(key);
    if (!volume) return runtime::Requeue::Never();
    runtime::StatusPatch patch(client_, v1::kVolumes, volume, clock_);
    if (!volume->deleting()) {
      patch.SetCondition("Ready", true, "Available", "");
      return patch.Finish(ctx, runtime::Requeue::Never());
    }
    if (!volume->has_finalizer(v1::kFinalizerVolume)) return runtime::Requeue::Never();
    const Result<bool> removed = RemoveData(ctx, *volume, &patch);
    if (!removed.ok() || !*removed) {
      if (!removed.ok())
        patch.SetCondition("Ready", false, "RemovalFailed", removed.error().message);
      GANTRY_TRY(patch.Flush(ctx));
      return runtime::Requeue::After(kLookAgain);
    }
    GANTRY_TRY(runtime::RemoveFinalizer(ctx, client_, v1::kVolumes, *volume, v1::kFinalizerVolume));
    return runtime::Requeue::Never();
  }

 private:
  // False while something still uses the volume or a host does not answer.
  Result<bool> RemoveData(const Context& ctx, const Object& volume, runtime::StatusPatch* patch) {
    const std::string users = UsersOf(volume);
    if (!users.empty()) {
      patch->SetCondition("Ready", false, "InUse", "used by " + users);
      return false;
    }
    if (v1::VolumeSpec::From(volume).reclaim_policy == "Retain") return true;
    for (const std::string& node : GetStrings(volume.status(), "nodes")) {
      const auto engine = hosts_->EngineOf(ctx, node);
      if (!engine.ok() && !hosts_->NodeExists(node)) continue;  // nobody is left to ask
      if (!engine.ok()) return engine.error().Wrap(fmt::format("node {}", node));
      GANTRY_TRY(RemoveFrom(ctx.WithTimeout(30s), engine->get(), volume)
                     .Wrap(fmt::format("node {}", node)));
    }
    return true;
  }

  static Status RemoveFrom(const Context& ctx, docker::Engine* engine, const Object& volume) {
    const std::string name = container::VolumeName(volume.ns(), volume.name());
    const auto found = engine->InspectVolume(ctx, name);
    if (!found.ok()) return found.code() == Code::kNotFound ? OkStatus() : Status(found.error());
    const auto uid = found->labels.find(container::kEngineUid);
    // Of another Volume object, or somebody else's: not ours to remove.
    if (uid == found->labels.end() || uid->second != volume.uid()) return OkStatus();
    return engine->RemoveVolume(ctx, name);
  }

  std::string UsersOf(const Object& volume) const {
    std::vector<std::string> users;
    for (const ObjectPtr& c : containers_.InNamespace(volume.ns())) {
      const std::vector<std::string> names = VolumesOf(*c);
      if (std::find(names.begin(), names.end(), volume.name()) != names.end())
        users.emplace_back(c->name());
    }
    return fmt::format("{}", fmt::join(users, ", "));
  }

  const client::Client client_;
  const runtime::Lister& volumes_;
  const runtime::Lister& containers_;
  hosts::HostPool* const hosts_;
  Clock* const clock_;
};

// The volumes of a Container that went away may be free now.
std::vector<ObjectKey> MapGoneContainer(const ObjectPtr& before, const ObjectPtr& after) {
  std::vector<ObjectKey> keys;
  if (after) return keys;
  for (const std::string& name : VolumesOf(*before))
    keys.push_back({std::string(before->ns()), name});
  return keys;
}

}  // namespace

void AddVolumeController(runtime::Manager* manager, hosts::HostPool* hosts) {
  runtime::Controller* controller =
      manager->Add("volume", std::make_unique<VolumeReconciler>(manager, hosts));
  controller->Watch(manager->InformerFor(v1::kVolumes), runtime::MapSelf());
  controller->Watch(manager->InformerFor(v1::kContainers), MapGoneContainer);
}

}  // namespace gantry::volume
