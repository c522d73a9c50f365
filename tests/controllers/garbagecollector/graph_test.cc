#include "controllers/garbagecollector/graph.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"

namespace gantry::gc {
namespace {

ObjectPtr Make(const std::string& name, const std::string& uid, const std::string& owner_uid = "",
               bool deleting = false, std::vector<std::string> finalizers = {}) {
  Object o(v1::kContainers.gvk(), {"default", name});
  o.Meta()["uid"] = uid;
  if (!owner_uid.empty()) o.set_owner({"gantry.dev/v1", "Service", "web", owner_uid, true, true});
  if (deleting) o.Meta()["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  o.set_finalizers(finalizers);
  return std::make_shared<const Object>(std::move(o));
}

using Uids = std::vector<std::string>;

TEST(Graph, ADeletedOwnerConcernsItsDependents) {
  Graph g;
  const ObjectPtr owner = Make("web", "o");
  EXPECT_EQ(g.Observe(v1::kServices, nullptr, owner), Uids{});
  EXPECT_EQ(g.Observe(v1::kContainers, nullptr, Make("a", "a", "o")), Uids{"a"});
  EXPECT_EQ(g.Observe(v1::kContainers, nullptr, Make("b", "b", "o")), Uids{"b"});
  EXPECT_EQ(g.Observe(v1::kServices, owner, nullptr), (Uids{"a", "b"}));
  EXPECT_FALSE(g.Find("o").has_value());
}

TEST(Graph, DependentsMayBeSeenBeforeTheirOwner) {
  Graph g;
  g.Observe(v1::kContainers, nullptr, Make("a", "a", "o"));
  const ObjectPtr owner = Make("web", "o");
  g.Observe(v1::kServices, nullptr, owner);
  ASSERT_EQ(g.DependentsOf("o").size(), 1u);
  EXPECT_EQ(g.DependentsOf("o")[0].key.name, "a");
}

TEST(Graph, AChangeOfNothingRelevantConcernsNobody) {
  Graph g;
  const ObjectPtr a = Make("a", "a", "o");
  g.Observe(v1::kContainers, nullptr, a);
  EXPECT_EQ(g.Observe(v1::kContainers, a, a), Uids{});
}

TEST(Graph, TheEndOfADependentConcernsItsOwner) {
  Graph g;
  const ObjectPtr a = Make("a", "a", "o");
  g.Observe(v1::kContainers, nullptr, a);
  EXPECT_EQ(g.Observe(v1::kContainers, a, nullptr), Uids{"o"});
  EXPECT_TRUE(g.DependentsOf("o").empty());
}

TEST(Graph, ADependentThatLetsGoConcernsItsOwner) {
  Graph graph;
  const ObjectPtr owned = Make("c", "c", "s");
  graph.Observe(v1::kContainers, nullptr, owned);
  EXPECT_EQ(graph.BlockersOf("s").size(), 1u);
  EXPECT_EQ(graph.Observe(v1::kContainers, owned, Make("c", "c")), Uids{"s"});
  EXPECT_TRUE(graph.BlockersOf("s").empty());
}

TEST(Graph, OfACircleNobodyHoldsAnother) {
  Graph graph;
  const std::vector<std::string> wait = {kForeground};
  graph.Observe(v1::kContainers, nullptr, Make("a", "a", "c", true, wait));
  graph.Observe(v1::kContainers, nullptr, Make("b", "b", "a", true, wait));
  const ObjectPtr solid = Make("c", "c", "b");
  graph.Observe(v1::kContainers, nullptr, solid);
  EXPECT_EQ(graph.BlockersOf("a").size(), 1u) << "c is not being deleted: no circle yet";
  graph.Observe(v1::kContainers, solid, Make("c", "c", "b", true, wait));
  for (const char* uid : {"a", "b", "c"}) EXPECT_TRUE(graph.BlockersOf(uid).empty()) << uid;
  // Who hangs on the circle from outside still holds up the one that it depends on.
  graph.Observe(v1::kContainers, nullptr, Make("d", "d", "b", true, {"example.com/hold"}));
  EXPECT_EQ(graph.BlockersOf("b").size(), 1u);
}

TEST(Graph, ANameThatComesBackIsAnotherObject) {
  Graph g;
  const ObjectPtr first = Make("web", "o1");
  g.Observe(v1::kServices, nullptr, first);
  g.Observe(v1::kContainers, nullptr, Make("a", "a", "o1"));
  EXPECT_EQ(g.Observe(v1::kServices, first, Make("web", "o2")), Uids{"a"});
  EXPECT_FALSE(g.Find("o1").has_value());
  EXPECT_TRUE(g.Find("o2").has_value());
}

TEST(Graph, APlainObjectCanStillGetOwnersAndBeOne) {
  Graph g;
  const ObjectPtr plain = Make("a", "a");
  g.Observe(v1::kContainers, nullptr, plain);
  ASSERT_TRUE(g.Find("a").has_value());
  EXPECT_TRUE(g.Find("a")->owners.empty());
  const ObjectPtr owned = Make("a", "a", "o");
  EXPECT_EQ(g.Observe(v1::kContainers, plain, owned), Uids{"a"});
  EXPECT_EQ(g.DependentsOf("o").size(), 1u);
  EXPECT_EQ(g.Find("a")->key.name, "a");
  EXPECT_EQ(g.Observe(v1::kContainers, owned, plain), Uids{"o"}) << "it may have waited";
  EXPECT_TRUE(g.DependentsOf("o").empty());
  EXPECT_TRUE(g.Find("a").has_value());
  EXPECT_EQ(g.Observe(v1::kContainers, plain, nullptr), Uids{});
  EXPECT_FALSE(g.Find("a").has_value());
}

TEST(Graph, DeletionWithAFinalizerConcernsTheObjectItself) {
  Graph g;
  const ObjectPtr before = Make("web", "o");
  g.Observe(v1::kServices, nullptr, before);
  EXPECT_EQ(g.Observe(v1::kServices, before, Make("web", "o", "", true, {kForeground})), Uids{"o"});
}

}  // namespace
}  // namespace gantry::gc
