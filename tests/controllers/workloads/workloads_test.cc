// Applications, Services and placement against the real API server in process, with played hosts.
#include "tests/controllers/workloads/workloads_fixture.h"

namespace gantry {
namespace {

TEST_F(WorkloadsTest, AnApplicationBecomesReadyScalesUpdatesAndLeavesNothingBehind) {
  MakeNode("n1");
  MakeNode("n2");
  Must(client_.Create({}, v1::kApplications, App(kShop)));
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  EXPECT_EQ(Slots("shop-web"), (std::multiset<std::string>{"1", "2", "3"}));
  EXPECT_EQ(Slots("shop-db"), (std::multiset<std::string>{"1"}));
  const Object app = Get(v1::kApplications, "shop");
  EXPECT_EQ(GetString(app.status(), "phase"), "Running");
  EXPECT_EQ(GetString(GetObject(app.status(), "services"), "summary"), "2/2");
  EXPECT_EQ(GetString(GetObject(app.status(), "containers"), "summary"), "4/4");
  std::multiset<std::string> nodes;
  for (const Object& c : Containers("shop-web")) nodes.insert(GetString(c.spec(), "nodeName"));
  EXPECT_EQ(nodes.count("n1") + nodes.count("n2"), 3u);
  EXPECT_GE(nodes.count("n1"), 1u);
  EXPECT_GE(nodes.count("n2"), 1u);

  // Scaling by hand stays, until the template says another number.
  const auto scale = [&](int n) {
    Must(client_.Patch({}, v1::kServices, {"default", "shop-web"}, client::PatchType::kMerge,
                       {{"spec", {{"replicas", n}}}}));
  };
  scale(5);
  ASSERT_TRUE(Eventually([&] { return Slots("shop-web").size() == 5 && AppReady(); }))
      << AppMessage();
  scale(1);
  ASSERT_TRUE(Eventually([&] {
    return Slots("shop-web") == std::multiset<std::string>{"1"} && AppReady();
  })) << AppMessage();

  // A new image of one service leaves the other alone.
  const std::string db = std::string(Containers("shop-db").at(0).uid());
  std::string changed = kShop;
  changed.replace(changed.find("web:1"), 5, "web:2");
  SetCompose(changed);
  ASSERT_TRUE(Eventually([&] {
    const auto web = Containers("shop-web");
    return web.size() == 1 && AppReady() &&
           GetString(GetObject(web[0].spec(), "template"), "image") == "web:2";
  })) << AppMessage();
  EXPECT_EQ(Containers("shop-db").at(0).uid(), db);

  Must(client_.Delete({}, v1::kApplications, {"default", "shop"}));
  EXPECT_TRUE(Eventually([&] {
    for (const auto& r : {v1::kServices, v1::kContainers, v1::kServiceRevisions, v1::kVolumes}) {
      const auto left = client_.ListAll({}, r, "default", {});
      if (!left.ok() || !left->items.empty()) return false;
    }
    return true;
  }));
}

TEST_F(WorkloadsTest, AnUnchangedTemplateWritesNothing) {
  MakeNode("n1");
  Must(client_.Create({}, v1::kApplications, App(kShop)));
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  const auto generations = [&] {
    return std::make_pair(Get(v1::kServices, "shop-web").generation(),
                          Get(v1::kServices, "shop-db").generation());
  };
  const auto before = generations();
  Must(client_.Patch({}, v1::kApplications, {"default", "shop"}, client::PatchType::kMerge,
                     {{"spec", {{"version", "2"}}}}));
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  EXPECT_EQ(generations(), before);
}

TEST_F(WorkloadsTest, ADeletedContainerIsReplacedOnItsNode) {
  MakeNode("n1");
  MakeNode("n2");
  Must(client_.Create({}, v1::kApplications, App(kShop)));
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  const Object old = Containers("shop-web").at(1);
  Must(client_.Delete({}, v1::kContainers, old.key()));
  Object successor;
  ASSERT_TRUE(Eventually([&] {
    for (const Object& c : Containers("shop-web")) {
      if (c.label(v1::kLabelSlot) == old.label(v1::kLabelSlot) && c.uid() != old.uid() &&
          GetBool(c.status(), "ready")) {
        successor = c;
        return true;
      }
    }
    return false;
  }));
  EXPECT_EQ(GetString(successor.spec(), "nodeName"), GetString(old.spec(), "nodeName"));
  EXPECT_NE(successor.name(), old.name());
  EXPECT_EQ(Slots("shop-web"), (std::multiset<std::string>{"1", "2", "3"}));
}

TEST_F(WorkloadsTest, ABrokenReleaseStopsAfterOneAndCanBeTakenBack) {
  MakeNode("n1");
  Must(client_.Create({}, v1::kApplications, App(kShop)));
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  std::string broken = kShop;
  broken.replace(broken.find("web:1"), 5, "broken:1");
  SetCompose(broken);
  ASSERT_TRUE(Eventually([&] { return AppMessage().find("it is broken") != std::string::npos; }))
      << AppMessage();
  int serving = 0;
  for (const Object& c : Containers("shop-web")) serving += GetBool(c.status(), "ready") ? 1 : 0;
  EXPECT_EQ(serving, 2);
  SetCompose(kShop);
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  EXPECT_EQ(Slots("shop-web"), (std::multiset<std::string>{"1", "2", "3"}));
}

TEST_F(WorkloadsTest, FaultsAreListedAndNothingIsHalfDone) {
  Object app = App(R"(
services:
  web: {image: "web:${TAG}"}
  db: {image: "db:${DB_TAG}"}
)");
  const auto refused = client_.Create({}, v1::kApplications, app);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), Code::kInvalid);
  EXPECT_NE(refused.error().message.find("DB_TAG, TAG"), std::string::npos)
      << refused.error().message;

  // With values from elsewhere only the controller can tell.
  Object values(v1::kConfigMaps.gvk(), {"default", "values"});
  values.json()["data"] = {{"OTHER", "1"}};
  Must(client_.Create({}, v1::kConfigMaps, values));
  app.mutable_spec()["parametersFrom"] = Json::array({{{"configMapRef", {{"name", "values"}}}}});
  Must(client_.Create({}, v1::kApplications, app));
  ASSERT_TRUE(Eventually([&] {
    return Says(v1::kApplications, "shop", "Ready", "False", "InvalidTemplate");
  })) << AppMessage();
  EXPECT_NE(AppMessage().find("DB_TAG"), std::string::npos) << AppMessage();
  EXPECT_TRUE(client_.ListAll({}, v1::kServices, "default", {})->items.empty());
}

TEST_F(WorkloadsTest, ParametersArriveWhenTheirSecretDoes) {
  MakeNode("n1");
  Object app = App("services:\n  web:\n    image: web:1\n    environment: {PW: \"${PASSWORD}\"}\n");
  app.mutable_spec()["parametersFrom"] = Json::array({{{"secretRef", {{"name", "shop-pw"}}}}});
  Must(client_.Create({}, v1::kApplications, app));
  ASSERT_TRUE(Eventually([&] {
    return Says(v1::kApplications, "shop", "Ready", "False", "ParametersUnavailable");
  })) << AppMessage();
  Object secret(v1::kSecrets.gvk(), {"default", "shop-pw"});
  secret.json()["stringData"] = {{"PASSWORD", "hunter2"}};
  Must(client_.Create({}, v1::kSecrets, secret));
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  for (const auto& r :
       {v1::kApplications, v1::kServices, v1::kServiceRevisions, v1::kContainers, v1::kEvents}) {
    const auto list = client_.ListAll({}, r, "default", {});
    ASSERT_TRUE(list.ok());
    for (const Object& o : list->items)
      EXPECT_EQ(o.json().dump().find("hunter2"), std::string::npos) << o.json().dump(2);
  }
}

TEST_F(WorkloadsTest, UnplaceableContainersSayWhyAndGoOnWhenANodeComes) {
  MakeNode("n1", /*ready=*/false);
  Must(client_.Create({}, v1::kApplications, App("services:\n  web: {image: web:1}\n")));
  ASSERT_TRUE(Eventually([&] {
    const auto web = Containers("shop-web");
    return web.size() == 1 &&
           GetString(web[0].status(), "message") == "0/1 nodes fit: 1 not ready" &&
           GetString(web[0].status(), "phase") == "Pending";
  }));
  ASSERT_TRUE(Eventually([&] {
    const auto events = client_.ListAll({}, v1::kEvents, "default", {});
    for (const Object& e : events->items) {
      if (GetString(e.json(), "reason") == "FailedScheduling") return true;
    }
    return false;
  }));
  SetNodeReady("n1", true);
  ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
}

TEST_F(WorkloadsTest, DeletedBeforePlacementGoesAtOnce) {
  Must(client_.Create({}, v1::kApplications, App("services:\n  web: {image: web:1}\n")));
  ASSERT_TRUE(Eventually([&] { return Containers("shop-web").size() == 1; }));
  Must(client_.Delete({}, v1::kApplications, {"default", "shop"}));
  EXPECT_TRUE(Eventually([&] { return Containers("shop-web").empty(); }));
}

TEST_F(WorkloadsTest, ForeignObjectsAreNotTakenOver) {
  Object stranger(v1::kServices.gvk(), {"default", "shop-web"});
  stranger.mutable_spec() = {{"replicas", 0}, {"template", {{"image", "mine:1"}}}};
  Must(client_.Create({}, v1::kServices, stranger));
  Must(client_.Create({}, v1::kApplications, App(kShop)));
  ASSERT_TRUE(Eventually([&] {
    return Says(v1::kApplications, "shop", "Ready", "False", "NameConflict");
  })) << AppMessage();
  EXPECT_EQ(v1::ServiceSpec::From(Get(v1::kServices, "shop-web")).tmpl.image, "mine:1");
  EXPECT_FALSE(Get(v1::kServices, "shop-web").controller_owner());
  EXPECT_TRUE(Containers("shop-web").empty());
}

// A cache that stands still: every reconcile after the first sees none of its own writes.
TEST(LaggingCacheTest, ReconcilingAgainMakesNothingTwice) {
  testing::EnvTest env;
  client::Client client = env.Client("test");
  Object web(v1::kServices.gvk(), {"default", "web"});
  web.mutable_spec() = {{"replicas", 3}, {"template", {{"image", "web:1"}}}};
  auto made = client.Create({}, v1::kServices, web);
  ASSERT_TRUE(made.ok()) << made.error().message;

  runtime::ObjectStore services, revisions, containers, nodes;
  services.Put(std::make_shared<const Object>(*made));
  runtime::EventRecorder events(env.Client("events"), "test", Clock::Real(), Random::Real());
  const auto reconciler = [&] {
    return service::ServiceReconciler(
        {client, &events, &services, &revisions, &containers, &nodes, Clock::Real()});
  };
  const auto count = [&](const client::Resource& r) {
    return client.ListAll({}, r, "default", {})->items.size();
  };
  service::ServiceReconciler first = reconciler();
  for (int i = 0; i < 3; ++i) {
    // The status was written by the pass before: a conflict says so, and nothing else happens.
    const auto result = first.Reconcile({}, {"default", "web"});
    EXPECT_TRUE(result.ok() || result.code() == Code::kConflict);
    EXPECT_EQ(count(v1::kContainers), 3u);
    EXPECT_EQ(count(v1::kServiceRevisions), 1u);
  }
  // Even a process that knows nothing of those writes makes the same names.
  service::ServiceReconciler other = reconciler();
  other.Reconcile({}, {"default", "web"}).IgnoreError();
  EXPECT_EQ(count(v1::kContainers), 3u);
  EXPECT_EQ(count(v1::kServiceRevisions), 1u);
}

}  // namespace
}  // namespace gantry
