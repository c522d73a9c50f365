#include "controllers/cluster/cluster_controller.h"

#include "apis/gantry.dev/v1/types.h"
#include "controllers/runtime/finalizer.h"
#include "controllers/runtime/status_patch.h"

namespace gantry::cluster {
namespace {

constexpr char kIndexCluster[] = "cluster";
constexpr char kDefaultCluster[] = "default";

std::vector<std::string> ClusterOf(const Object& o) {
  return {GetString(o.spec(), "cluster", kDefaultCluster)};
}

// What refers to a cluster, in a few words; empty: nothing.
std::string Describe(const std::vector<ObjectPtr>& objects, const char* what) {
  if (objects.empty()) return "";
  std::string text = fmt::format("{} {}: ", objects.size(), what);
  constexpr size_t kNamed = 5;
  for (size_t i = 0; i < objects.size() && i < kNamed; ++i)
    text += (i ? ", " : "") + objects[i]->key().ToString();
  return objects.size() > kNamed ? text + " ..." : text;
}

class ClusterReconciler : public runtime::Reconciler {
 public:
  explicit ClusterReconciler(runtime::Manager* manager)
      : client_(manager->ClientFor("cluster")),
        clusters_(manager->InformerFor(v1::kClusters)->lister()),
        nodes_(manager->InformerFor(v1::kNodes)->lister()),
        applications_(manager->InformerFor(v1::kApplications)->lister()),
        clock_(manager->clock()) {}

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override {
    ObjectPtr cluster = clusters_.Get(key);
    if (!cluster) return runtime::Requeue::Never();
    if (cluster->deleting() && !cluster->has_finalizer(kFinalizer))
      return runtime::Requeue::Never();
    if (!cluster->deleting()) {
      GANTRY_TRY_SET(Object held,
                     runtime::AddFinalizer(ctx, client_, v1::kClusters, *cluster, kFinalizer));
      cluster = std::make_shared<const Object>(std::move(held));
    }
    const auto nodes = nodes_.ByIndex(kIndexCluster, key.name);
    const auto applications = applications_.ByIndex(kIndexCluster, key.name);
    if (cluster->deleting() && nodes.empty() && applications.empty() &&
        !GetBool(cluster->spec(), "deletionProtection")) {
      GANTRY_TRY(runtime::RemoveFinalizer(ctx, client_, v1::kClusters, *cluster, kFinalizer));
      return runtime::Requeue::Never();
    }
    runtime::StatusPatch patch(client_, v1::kClusters, cluster, clock_);
    size_t ready = 0;
    for (const ObjectPtr& node : nodes) ready += IsConditionTrue(node->status(), "Ready") ? 1 : 0;
    patch.status()["nodes"] = {{"total", nodes.size()}, {"ready", ready}};
    patch.status()["phase"] = cluster->deleting() ? "Deleting"
                              : nodes.empty()     ? "Inactive"
                                                  : "Running";
    if (nodes.empty()) {
      patch.SetCondition("Ready", false, "NoNodes", "no node has joined");
    } else if (ready == 0) {
      patch.SetCondition("Ready", false, "NoReadyNodes",
                         fmt::format("none of {} nodes is Ready", nodes.size()));
    } else {
      patch.SetCondition("Ready", true, "NodesReady",
                         fmt::format("{} of {} nodes are Ready", ready, nodes.size()));
    }
    if (cluster->deleting()) SetBlocked(*cluster, nodes, applications, &patch);
    return patch.Finish(ctx, runtime::Requeue::Never());
  }

 private:
  static void SetBlocked(const Object& cluster, const std::vector<ObjectPtr>& nodes,
                         const std::vector<ObjectPtr>& applications, runtime::StatusPatch* patch) {
    std::string why;
    for (const std::string& part :
         {Describe(nodes, "nodes"), Describe(applications, "applications"),
          std::string(GetBool(cluster.spec(), "deletionProtection")
                          ? "spec.deletionProtection is true"
                          : "")}) {
      if (!part.empty()) why += (why.empty() ? "" : "; ") + part;
    }
    patch->SetCondition("DeletionBlocked", true, "InUse", why);
  }

  const client::Client client_;
  const runtime::Lister& clusters_;
  const runtime::Lister& nodes_;
  const runtime::Lister& applications_;
  Clock* const clock_;
};

// Makes the default cluster of a new installation.
class DefaultCluster : public runtime::Runnable {
 public:
  explicit DefaultCluster(runtime::Manager* manager)
      : client_(manager->ClientFor("cluster")),
        clusters_(manager->InformerFor(v1::kClusters)->lister()) {}

  Status Start() override {
    if (clusters_.size() > 0) return OkStatus();
    const auto made = client_.Create(Context().WithTimeout(std::chrono::seconds(10)), v1::kClusters,
                                     Object(v1::kClusters.gvk(), {"", kDefaultCluster}));
    if (!made.ok() && made.code() != Code::kAlreadyExists)
      return made.error().Wrap("create the default cluster");
    return OkStatus();
  }
  void Stop() override {}

 private:
  const client::Client client_;
  const runtime::Lister& clusters_;
};

// The clusters that an object referred to before and refers to now.
std::vector<ObjectKey> MapCluster(const ObjectPtr& before, const ObjectPtr& after) {
  std::vector<ObjectKey> keys;
  for (const ObjectPtr& o : {before, after}) {
    if (o) keys.push_back({"", ClusterOf(*o)[0]});
  }
  return keys;
}

}  // namespace

void AddClusterController(runtime::Manager* manager) {
  manager->InformerFor(v1::kNodes)->AddIndex(kIndexCluster, ClusterOf);
  manager->InformerFor(v1::kApplications)->AddIndex(kIndexCluster, ClusterOf);
  runtime::Controller* controller =
      manager->Add("cluster", std::make_unique<ClusterReconciler>(manager));
  controller->Watch(manager->InformerFor(v1::kClusters), runtime::MapSelf());
  controller->Watch(manager->InformerFor(v1::kNodes), MapCluster);
  controller->Watch(manager->InformerFor(v1::kApplications), MapCluster);
  manager->Add(std::make_unique<DefaultCluster>(manager));
}

}  // namespace gantry::cluster
