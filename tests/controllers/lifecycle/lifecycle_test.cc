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
    gc::Options options;
    options.patience = Duration::zero();
    gc::AddGarbageCollector(&manager_, options);
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

TEST_F(LifecycleTest, ACircleOfOwnersDoesNotHoldADeletion) {
  const Object a = MakeConfigMap("a");
  const Object b = MakeConfigMap("b", &a);
  const Object c = MakeConfigMap("c", &b);
  const Json owners = Json::array({c.MakeOwnerReference().ToJson()});
  ASSERT_TRUE(client_
                  .Patch({}, v1::kConfigMaps, a.key(), client::PatchType::kMerge,
                         {{"metadata", {{"ownerReferences", owners}}}})
                  .ok());
  Delete(a, client::Propagation::kForeground);
  for (const Object* o : {&a, &b, &c}) {
    EXPECT_TRUE(Eventually([&] { return Gone(v1::kConfigMaps, o->key()); })) << o->name();
  }
}

TEST_F(LifecycleTest, AnOwnerThatWaitsDoesNotTakeWhatAnotherOneHolds) {
  const Object waits = MakeConfigMap("waits", nullptr, {"example.com/hold"});
  const Object stays = MakeConfigMap("stays");
  Object shared(v1::kConfigMaps.gvk(), {"default", "shared"});
  OwnerReference second = stays.MakeOwnerReference();
  second.controller = false;
  shared.Meta()["ownerReferences"] =
      Json::array({waits.MakeOwnerReference().ToJson(), second.ToJson()});
  ASSERT_TRUE(client_.Create({}, v1::kConfigMaps, shared).ok());
  MakeConfigMap("alone", &waits);
  Delete(waits, client::Propagation::kForeground);
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kConfigMaps, {"default", "alone"}); }));
  EXPECT_TRUE(Eventually([&] {
    const auto got = client_.Get({}, v1::kConfigMaps, {"default", "shared"});
    return got.ok() && !got->deleting() && got->owner_references().size() == 1 &&
           got->owner_references()[0].uid == stays.uid();
  }));
}

TEST_F(LifecycleTest, ManyNamespacesGoSoon) {
  constexpr int kMany = 50;
  for (int i = 0; i < kMany; ++i) {
    const std::string name = "many" + std::to_string(i);
    env_.MakeNamespace(name);
    ASSERT_TRUE(
        client_.Create({}, v1::kConfigMaps, Object(v1::kConfigMaps.gvk(), {name, "a"})).ok());
  }
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(client_.Delete({}, v1::kNamespaces, {"", "many" + std::to_string(i)}).ok());
  }
  for (int i = 0; i < kMany; ++i) {
    EXPECT_TRUE(Eventually([&] {
      return Gone(v1::kNamespaces, {"", "many" + std::to_string(i)});
    }));
  }
}

// What clients call a silent killer: conditions that speak of a spec that is not there any more.
TEST_F(LifecycleTest, MissingObservedGeneration) {
  EXPECT_TRUE(Eventually([&] {
    const auto cluster = client_.Get({}, v1::kClusters, {"", "default"});
    if (!cluster.ok() || GetAny(cluster->status(), "conditions").is_null()) return false;
    return GetInt(cluster->status(), "observedGeneration") == cluster->generation();
  }));
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

// What a stuck object says, wherever it says it.
class StuckTest : public LifecycleTest {
 protected:
  // The message of an Event about an object; empty: there is none.
  std::string EventAbout(const Object& o) {
    const auto events = client_.ListAll({}, v1::kEvents, "default", {});
    if (!events.ok()) return "";
    for (const Object& e : events->items) {
      if (GetString(e.json(), "reason") != "DeletionBlocked") continue;
      EXPECT_EQ(GetString(e.json(), "type"), "Warning");
      if (GetString(GetObject(e.json(), "involvedObject"), "uid") == o.uid())
        return GetString(e.json(), "message");
    }
    return "";
  }
  // A kind with this schema of status, and an object of it that is deleted but held.
  Object MakeHeld(const std::string& plural, const std::string& kind, const Json& status) {
    const Json schema = {{"type", "object"}, {"properties", {{"status", status}}}};
    const Json crd = {{"apiVersion", "apiextensions.k8s.io/v1"},
                      {"kind", "CustomResourceDefinition"},
                      {"metadata", {{"name", plural + ".example.com"}}},
                      {"spec",
                       {{"group", "example.com"},
                        {"scope", "Namespaced"},
                        {"names", {{"plural", plural}, {"kind", kind}}},
                        {"versions",
                         {{{"name", "v1"},
                           {"served", true},
                           {"storage", true},
                           {"subresources", {{"status", Json::object()}}},
                           {"schema", {{"openAPIV3Schema", schema}}}}}}}}};
    EXPECT_TRUE(client_.Create({}, v1::kCustomResourceDefinitions, Object(crd)).ok());
    const client::Resource resource{"example.com", "v1", plural, kind, true};
    Object o(resource.gvk(), {"default", "held"});
    o.set_finalizers({"example.com/hold", "example.com/too"});
    Object made = Must(client_.Create({}, resource, o));
    EXPECT_TRUE(client_.Delete({}, resource, o.key()).ok());
    return made;
  }
};

TEST_F(StuckTest, AnObjectWithoutStatusHasAnEventThatNamesItsFinalizers) {
  const Object a = MakeConfigMap("a", nullptr, {"example.com/hold", "example.com/too"});
  Delete(a, client::Propagation::kBackground);
  EXPECT_TRUE(Eventually([&] { return !EventAbout(a).empty(); }));
  EXPECT_EQ(EventAbout(a), "deletion waits for finalizers: example.com/hold, example.com/too");
  ReleaseFinalizers("a");
  EXPECT_TRUE(Eventually([&] { return Gone(v1::kConfigMaps, a.key()); }));
}

TEST_F(StuckTest, AnOwnerNamesTheDependentsThatItWaitsFor) {
  const Object a = MakeConfigMap("a", nullptr, {"example.com/own"});
  MakeConfigMap("held", &a, {"example.com/hold"});
  Delete(a, client::Propagation::kForeground);
  EXPECT_TRUE(Eventually([&] {
    return EventAbout(a) ==
           "deletion waits for finalizers: example.com/own; waits for dependents: configmaps "
           "default/held (held by example.com/hold)";
  })) << EventAbout(a);
}

TEST_F(StuckTest, AKindWithConditionsHasOne) {
  const Json text = {{"type", "string"}};
  const Json condition = {{"type", "object"},
                          {"required", {"type", "status"}},
                          {"properties",
                           {{"type", text},
                            {"status", text},
                            {"reason", text},
                            {"message", text},
                            {"lastTransitionTime", text},
                            {"observedGeneration", {{"type", "integer"}}}}}};
  const Object held =
      MakeHeld("gadgets", "Gadget",
               {{"type", "object"},
                {"properties", {{"conditions", {{"type", "array"}, {"items", condition}}}}}});
  const client::Resource gadgets{"example.com", "v1", "gadgets", "Gadget", true};
  std::string message;
  EXPECT_TRUE(Eventually([&] {
    const auto got = client_.Get({}, gadgets, held.key());
    const Json* c = got.ok() ? FindCondition(got->status(), "DeletionBlocked") : nullptr;
    if (c == nullptr) return false;
    message = GetString(*c, "status") + " " + GetString(*c, "message");
    return true;
  }));
  EXPECT_EQ(message, "True deletion waits for finalizers: example.com/hold, example.com/too");
  EXPECT_EQ(EventAbout(held), "");
  // It follows what is left.
  ASSERT_TRUE(client_
                  .Patch({}, gadgets, held.key(), client::PatchType::kMerge,
                         {{"metadata", {{"finalizers", {"example.com/too"}}}}})
                  .ok());
  EXPECT_TRUE(Eventually([&] {
    const auto got = client_.Get({}, gadgets, held.key());
    const Json* c = got.ok() ? FindCondition(got->status(), "DeletionBlocked") : nullptr;
    return c != nullptr &&
           GetString(*c, "message") == "deletion waits for finalizers: example.com/too";
  }));
}

TEST_F(StuckTest, AStatusWithoutConditionsMakesAnEvent) {
  const Object held = MakeHeld(
      "gadgets", "Gadget", {{"type", "object"}, {"properties", {{"phase", {{"type", "string"}}}}}});
  EXPECT_TRUE(Eventually([&] { return !EventAbout(held).empty(); }));
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
