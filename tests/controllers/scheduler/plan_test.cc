#include "controllers/scheduler/plan.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"
#include "controllers/scheduler/ledger.h"

namespace gantry::scheduler {
namespace {

constexpr int64_t kMiB = 1 << 20;

NodeState Ready(std::string name) {
  NodeState n;
  n.name = std::move(name);
  n.ready = true;
  n.cpus = 4;
  n.memory_bytes = 1024 * kMiB;
  return n;
}

Request Asks() {
  Request r;
  r.cluster = "default";
  r.demand.service = "default/web";
  return r;
}

TEST(PlaceTest, NamesEachFilterAndHowManyNodesItRemoved) {
  NodeState a = Ready("a"), b = Ready("b"), c = Ready("c");
  a.reserved_memory_bytes = b.reserved_memory_bytes = 600 * kMiB;
  c.unschedulable = true;
  Request r = Asks();
  r.demand.memory_bytes = 512 * kMiB;
  const Decision d = Place(r, {a, b, c});
  EXPECT_EQ(d.node, "");
  EXPECT_EQ(d.message, "0/3 nodes fit: 2 too little memory (512 MiB asked), 1 cordoned");
}

TEST(PlaceTest, EveryFilter) {
  struct Case {
    const char* name;
    std::function<void(NodeState*, Request*)> change;
    std::string message;
  };
  const Case cases[] = {
      {"not ready", [](NodeState* n, Request*) { n->ready = false; }, "0/1 nodes fit: 1 not ready"},
      {"cordoned", [](NodeState* n, Request*) { n->unschedulable = true; },
       "0/1 nodes fit: 1 cordoned"},
      {"deleting", [](NodeState* n, Request*) { n->deleting = true; },
       "0/1 nodes fit: 1 being deleted"},
      {"cpu",
       [](NodeState* n, Request* r) {
         n->reserved_cpus = 3.75;
         r->demand.cpus = 0.5;
       },
       "0/1 nodes fit: 1 too little CPU (0.5 asked)"},
      {"port",
       [](NodeState* n, Request* r) {
         n->ports = {{8080, "tcp", "127.0.0.1"}};
         r->demand.ports = {{8080, "tcp", ""}};
       },
       "0/1 nodes fit: 1 host port 8080/tcp taken"},
      {"constraint",
       [](NodeState* n, Request* r) {
         n->facts = {{"node.labels.zone", "a"}};
         r->demand.placement.constraints = {{"node.labels.zone", true, "b", true}};
       },
       "0/1 nodes fit: 1 not node.labels.zone==b"},
      {"containers of the service",
       [](NodeState* n, Request* r) {
         n->of_service = 2;
         r->demand.placement.max_per_node = 2;
       },
       "0/1 nodes fit: 1 with 2 of the service already"},
      {"data", [](NodeState*, Request* r) { r->data_on["default/data"] = {"other"}; },
       "0/1 nodes fit: 1 without the data of volume data"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    NodeState n = Ready("a");
    Request r = Asks();
    EXPECT_EQ(Place(r, {n}).node, "a");
    c.change(&n, &r);
    EXPECT_EQ(Place(r, {n}).message, c.message);
  }
}

TEST(PlaceTest, WishesOrderAndDoNotRemove) {
  NodeState a = Ready("a"), b = Ready("b");
  b.facts = {{"node.labels.disk", "ssd"}};
  Request r = Asks();
  r.demand.placement.constraints = {{"node.labels.disk", true, "s*", false}};
  EXPECT_EQ(Place(r, {a, b}).node, "b");
  EXPECT_EQ(Place(r, {a}).node, "a");
}

TEST(PlaceTest, NoNodeAtAll) {
  EXPECT_EQ(Place(Asks(), {}).message, "no node is in cluster default");
}

TEST(PlaceTest, OtherAddressesAndProtocolsDoNotCollide) {
  EXPECT_FALSE((HostPort{80, "tcp", "10.0.0.1"}.Collides({80, "tcp", "10.0.0.2"})));
  EXPECT_FALSE((HostPort{53, "tcp", ""}.Collides({53, "udp", ""})));
  EXPECT_TRUE((HostPort{80, "tcp", "0.0.0.0"}.Collides({80, "tcp", "10.0.0.2"})));
}

TEST(PlaceTest, OrderOfPreference) {
  NodeState a = Ready("a"), b = Ready("b"), c = Ready("c");
  Request r = Asks();
  EXPECT_EQ(Place(r, {a, b, c}).node, "a");  // equal: the name
  a.containers = 1;
  EXPECT_EQ(Place(r, {a, b, c}).node, "b");  // fewer containers
  b.reserved_cpus = 2;
  EXPECT_EQ(Place(r, {a, b, c}).node, "c");  // less reserved
  c.of_service = 1;
  EXPECT_EQ(Place(r, {a, b, c}).node, "a");  // none of the service
  r.preferred_node = "c";
  EXPECT_EQ(Place(r, {a, b, c}).node, "c");  // where it was
  c.unschedulable = true;
  EXPECT_EQ(Place(r, {a, b, c}).node, "a");  // a wish, no demand
}

ObjectPtr Container(const std::string& name, const std::string& node, int revision) {
  Object o(v1::kContainers.gvk(), {"default", name});
  o.Meta()["uid"] = "uid-" + name;
  o.set_resource_version(std::to_string(revision));
  o.set_label(v1::kLabelService, "web");
  o.mutable_spec() = {
      {"template",
       {{"image", "x"},
        {"ports", Json::array({{{"containerPort", 80}, {"hostPort", 8080}}})},
        {"mounts", Json::array({{{"type", "volume"}, {"source", "data"}, {"target", "/d"}}})},
        {"resources", {{"reservations", {{"cpus", 0.5}, {"memoryBytes", kMiB}}}}}}}};
  if (!node.empty()) o.mutable_spec()["nodeName"] = node;
  return std::make_shared<const Object>(std::move(o));
}

NodeState Filled(const Ledger& ledger, const std::string& node) {
  NodeState n;
  ledger.Fill(node, "default/web", &n);
  return n;
}

TEST(LedgerTest, FollowsEvents) {
  Ledger ledger;
  const ObjectPtr unplaced = Container("a", "", 1), placed = Container("a", "n1", 2);
  ledger.Observe(nullptr, unplaced);
  EXPECT_EQ(Filled(ledger, "n1").containers, 0);
  ledger.Observe(unplaced, placed);
  ledger.Observe(placed, placed);  // a repetition counts once
  const NodeState n = Filled(ledger, "n1");
  EXPECT_EQ(n.containers, 1);
  EXPECT_EQ(n.of_service, 1);
  EXPECT_EQ(n.reserved_cpus, 0.5);
  EXPECT_EQ(n.reserved_memory_bytes, kMiB);
  EXPECT_EQ(n.ports.size(), 1u);
  EXPECT_EQ(ledger.NodesUsing("default/data"), std::set<std::string>{"n1"});
  ledger.Observe(placed, nullptr);
  EXPECT_EQ(Filled(ledger, "n1").containers, 0);
  EXPECT_TRUE(ledger.NodesUsing("default/data").empty());
}

TEST(LedgerTest, APlacementCountsBeforeTheCacheShowsItAndOnlyOnce) {
  Ledger ledger;
  ledger.Observe(nullptr, Container("a", "", 1));
  ledger.Assume(*Container("a", "n1", 2));
  EXPECT_EQ(Filled(ledger, "n1").containers, 1);
  ledger.Observe(Container("a", "", 1), Container("a", "n1", 2));
  EXPECT_EQ(Filled(ledger, "n1").containers, 1);
}

TEST(LedgerTest, APlacementThatWasSeenToEndIsNotCountedAgain) {
  Ledger ledger;
  ledger.Observe(nullptr, Container("a", "n1", 2));
  ledger.Observe(Container("a", "n1", 3), nullptr);
  ledger.Assume(*Container("a", "n1", 2));
  EXPECT_EQ(Filled(ledger, "n1").containers, 0);
}

}  // namespace
}  // namespace gantry::scheduler
