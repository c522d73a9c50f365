// Garbage collection, namespace deletion and clusters against the real API server in process.
#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/condition.h"
#include "controllers/cluster/cluster_controller.h"
#include "controllers/garbagecollector/garbage_collector.h"
#include "controllers/namespace/namespace_controller.h"
#include "tests/controllers/testing/controllers_fixture.h"

namespace gantry {
namespace {

class LifecycleTest : public testing::ControllersTest {
 protected:
  LifecycleTest() {
    gc::AddGarbageCollector(&manager_);
    ns::AddNamespaceController(&manager_);
    cluster::AddClusterController(&manager_);
    StartControllers();
  }

  Object MakeConfigMap(const std::string& name, const Object* owner = nullptr,
                       std::vector<std::string> finalizers = {}) {
    Object o(v1::kConfigMaps.gvk(), {"default", name});
    if (owner) o.set_owner(owner->MakeOwnerReference());
    o.set_finalizers(finalizers);
    return Must(client_.Create({}, v1::kConfigMaps, o));
  }
  void Delete(const Object& o, client::Propagation propagation) {
    client::DeleteOptions options;
    options.propagation = propagation;
    const auto deleted = client_.Delete({}, v1::kConfigMaps, o.key(), options);
    EXPECT_TRUE(deleted.ok()) << (deleted.ok() ? "" : deleted.error().message);
  }
  void ReleaseFinalizers(const std::string& name) {
    const auto patched =
        client_.Patch({}, v1::kConfigMaps, {"default", name}, client::PatchType::kMerge,
                      {{"metadata", {{"finalizers", nullptr}}}});
    EXPECT_TRUE(patched.ok());
  }
};

TEST_F(LifecycleTest, BackgroundDeletionTakesDependentsAndTheirs) {
  const Object a = MakeConfigMap("a");
  const Object b = MakeConfigMap("b", &a);
  MakeConfigMap("c", &b);
  Delete(a, client::Propagation::kBackground);
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kConfigMaps, {"default", "c"}); }));
  EXPECT_TRUE(Gone(v1::kConfigMaps, {"default", "b"}));
}

TEST_F(LifecycleTest, AnOwnerThatNeverExistedIsNoOwner) {
  Object ghost(v1::kConfigMaps.gvk(), {"default", "ghost"});
  ghost.Meta()["uid"] = "11111111-2222-4333-8444-555555555555";
  MakeConfigMap("late", &ghost);
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kConfigMaps, {"default", "late"}); }));
}

TEST_F(LifecycleTest, ADependentWithAnotherOwnerStays) {
  const Object a = MakeConfigMap("a");
  const Object b = MakeConfigMap("b");
  Object shared(v1::kConfigMaps.gvk(), {"default", "shared"});
  OwnerReference first = a.MakeOwnerReference();
  first.controller = false;
  shared.Meta()["ownerReferences"] = Json::array({first.ToJson(), b.MakeOwnerReference().ToJson()});
  ASSERT_TRUE(client_.Create({}, v1::kConfigMaps, shared).ok());
  Delete(a, client::Propagation::kBackground);
  // The reference to the owner that is gone goes; the object stays.
  EXPECT_TRUE(Eventually([&] {
    const auto got = client_.Get({}, v1::kConfigMaps, {"default", "shared"});
    return got.ok() && got->owner_references().size() == 1;
  }));
}

TEST_F(LifecycleTest, ForegroundDeletionWaitsForDependents) {
  const Object a = MakeConfigMap("a");
  MakeConfigMap("held", &a, {"example.com/hold"});
  Delete(a, client::Propagation::kForeground);
  EXPECT_TRUE(Eventually([&] {
    const auto held = client_.Get({}, v1::kConfigMaps, {"default", "held"});
    return held.ok() && held->deleting();
  }));
  EXPECT_FALSE(Gone(v1::kConfigMaps, a.key()));
  ReleaseFinalizers("held");
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kConfigMaps, a.key()); }));
  EXPECT_TRUE(Gone(v1::kConfigMaps, {"default", "held"}));
}

TEST_F(LifecycleTest, OrphanDeletionLeavesDependents) {
  const Object a = MakeConfigMap("a");
  MakeConfigMap("b", &a);
  // The collector must know of `b` before it can let it go.
  Delete(a, client::Propagation::kOrphan);
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kConfigMaps, a.key()); }));
  EXPECT_TRUE(Eventually([&] {
    const auto b = client_.Get({}, v1::kConfigMaps, {"default", "b"});
    return b.ok() && b->owner_references().empty();
  }));
}

TEST_F(LifecycleTest, ANamespaceIsEmptiedAndSaysWhatHoldsIt) {
  env_.MakeNamespace("team");
  Object held(v1::kConfigMaps.gvk(), {"team", "held"});
  held.set_finalizers({"example.com/hold"});
  ASSERT_TRUE(client_.Create({}, v1::kConfigMaps, held).ok());
  ASSERT_TRUE(client_.Create({}, v1::kSecrets, Object(v1::kSecrets.gvk(), {"team", "s"})).ok());
  ASSERT_TRUE(client_.Delete({}, v1::kNamespaces, {"", "team"}).ok());
  EXPECT_TRUE(Eventually([&] {
    const auto ns = client_.Get({}, v1::kNamespaces, {"", "team"});
    if (!ns.ok()) return false;
    const Json* c = FindCondition(ns->status(), "NamespaceFinalizersRemaining");
    if (!c || GetString(*c, "message").find("example.com/hold in 1") == std::string::npos) {
      return false;
    }
    c = FindCondition(ns->status(), "NamespaceContentRemaining");
    EXPECT_NE(GetString(*c, "message").find("configmaps has 1"), std::string::npos);
    for (const char* fine :
         {"NamespaceDeletionDiscoveryFailure", "NamespaceDeletionContentFailure"}) {
      EXPECT_NE(FindCondition(ns->status(), fine), nullptr);
      EXPECT_FALSE(IsConditionTrue(ns->status(), fine));
    }
    return true;
  }));
  EXPECT_TRUE(Gone(v1::kSecrets, {"team", "s"}));
  ASSERT_TRUE(client_
                  .Patch({}, v1::kConfigMaps, {"team", "held"}, client::PatchType::kMerge,
                         {{"metadata", {{"finalizers", nullptr}}}})
                  .ok());
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kNamespaces, {"", "team"}); }));
}

TEST_F(LifecycleTest, AnInstallationHasADefaultCluster) {
  EXPECT_TRUE(Eventually([&] {
    const auto c = client_.Get({}, v1::kClusters, {"", "default"});
    return c.ok() && GetString(c->status(), "phase") == "Inactive";
  }));
}

TEST_F(LifecycleTest, AClusterInUseIsNotDeleted) {
  Object node(v1::kNodes.gvk(), {"", "n1"});
  node.mutable_spec()["endpoint"] = "unix:///nowhere.sock";
  ASSERT_TRUE(client_.Create({}, v1::kNodes, node).ok());
  EXPECT_TRUE(Eventually([&] {
    const auto c = client_.Get({}, v1::kClusters, {"", "default"});
    return c.ok() && GetInt(GetObject(c->status(), "nodes"), "total") == 1;
  }));
  ASSERT_TRUE(client_.Delete({}, v1::kClusters, {"", "default"}).ok());
  EXPECT_TRUE(Eventually([&] {
    const auto c = client_.Get({}, v1::kClusters, {"", "default"});
    const Json* blocked = c.ok() ? FindCondition(c->status(), "DeletionBlocked") : nullptr;
    return blocked && GetString(*blocked, "message") == "1 nodes: n1";
  }));
  ASSERT_TRUE(client_.Delete({}, v1::kNodes, {"", "n1"}).ok());
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kClusters, {"", "default"}); }));
}

}  // namespace
}  // namespace gantry
