// What is asked of a running Application and its Services: stop, restart, redeploy, reschedule,
// pause, undo; and what never restarts anything.
#include "tests/controllers/workloads/workloads_fixture.h"

namespace gantry {
namespace {

class WorkloadLifecycle : public WorkloadsTest {
 protected:
  using Uids = std::set<std::string>;

  void Start(const std::string& compose = kShop) {
    MakeNode("n1");
    Object app = App(compose);
    app.mutable_spec()["version"] = "1";
    Must(client_.Create({}, v1::kApplications, app));
    ASSERT_TRUE(Eventually([&] { return AppReady(); })) << AppMessage();
  }
  void Patch(const client::Resource& kind, const std::string& name, const Json& patch) {
    Must(client_.Patch({}, kind, {"default", name}, client::PatchType::kMerge, patch));
  }
  void PatchApp(const Json& spec) { Patch(v1::kApplications, "shop", {{"spec", spec}}); }
  void Annotate(const client::Resource& kind, const std::string& name, const char* annotation,
                const std::string& value) {
    Patch(kind, name, {{"metadata", {{"annotations", {{annotation, value}}}}}});
  }
  Uids Of(const std::string& service) {
    Uids out;
    for (const Object& c : Containers(service)) out.insert(std::string(c.uid()));
    return out;
  }
  // All containers are others than before, and all is well again.
  bool Replaced(const std::string& service, const Uids& before) {
    const Uids now = Of(service);
    for (const std::string& uid : now) {
      if (before.count(uid)) return false;
    }
    return now.size() == before.size() && AppReady();
  }
  // The Application and its Services have seen all that was written.
  bool Settled() {
    if (!AppReady()) return false;
    const auto services = client_.ListAll({}, v1::kServices, "default", {});
    for (const Object& s : services->items) {
      if (!Says(v1::kServices, std::string(s.name()), "Ready", "True")) return false;
    }
    return true;
  }
  std::string ImageOf(const std::string& service) {
    return v1::ServiceSpec::From(Get(v1::kServices, service)).tmpl.image;
  }
};

TEST_F(WorkloadLifecycle, StopKeepsContainersAndActivateStartsThem) {
  Start();
  const Uids web = Of("shop-web"), db = Of("shop-db");
  PatchApp({{"stopped", true}});
  ASSERT_TRUE(Eventually([&] {
    return GetString(Get(v1::kApplications, "shop").status(), "phase") == "Stopped";
  })) << AppMessage();
  for (const Object& c : Containers("shop-web"))
    EXPECT_EQ(GetString(c.status(), "phase"), "Stopped");
  EXPECT_TRUE(Says(v1::kServices, "shop-web", "Ready", "False", "Stopped"));
  PatchApp({{"stopped", nullptr}});
  ASSERT_TRUE(Eventually([&] { return Settled(); })) << AppMessage();
  EXPECT_EQ(Of("shop-web"), web);
  EXPECT_EQ(Of("shop-db"), db);

  Patch(v1::kServices, "shop-web", {{"spec", {{"stopped", true}}}});
  ASSERT_TRUE(Eventually([&] {
    return Says(v1::kServices, "shop-web", "Ready", "False", "Stopped") &&
           Says(v1::kApplications, "shop", "Ready", "False");
  })) << AppMessage();
  EXPECT_EQ(GetString(Containers("shop-db").at(0).status(), "phase"), "Running");
  Patch(v1::kServices, "shop-web", {{"spec", {{"stopped", nullptr}}}});
  ASSERT_TRUE(Eventually([&] { return Settled(); })) << AppMessage();
  EXPECT_EQ(Of("shop-web"), web);
}

TEST_F(WorkloadLifecycle, AChangeWhileStoppedIsThereAfterwards) {
  Start();
  const Uids web = Of("shop-web"), db = Of("shop-db");
  PatchApp({{"stopped", true}});
  ASSERT_TRUE(Eventually(
      [&] { return GetString(Get(v1::kApplications, "shop").status(), "phase") == "Stopped"; }));
  std::string changed = kShop;
  changed.replace(changed.find("web:1"), 5, "web:2");
  PatchApp({{"compose", changed}, {"version", "2"}});
  ASSERT_TRUE(Eventually([&] { return ImageOf("shop-web") == "web:2"; }));
  PatchApp({{"stopped", nullptr}});
  ASSERT_TRUE(Eventually([&] { return Replaced("shop-web", web); })) << AppMessage();
  EXPECT_EQ(Of("shop-db"), db);
}

TEST_F(WorkloadLifecycle, WhatDoesNotRunRestartsNothing) {
  Start();
  const Uids web = Of("shop-web"), db = Of("shop-db");
  const auto nothing_happens = [&](const char* what) {
    ASSERT_TRUE(Eventually([&] { return Settled(); })) << what << AppMessage();
    EXPECT_EQ(Of("shop-web"), web) << what;
    EXPECT_EQ(Of("shop-db"), db) << what;
    const auto revisions = client_.ListAll({}, v1::kServiceRevisions, "default", {});
    EXPECT_EQ(revisions->items.size(), 2u) << what;
  };
  PatchApp({{"description", "a shop"}, {"version", "2"}});
  nothing_happens("version and description");
  Patch(v1::kApplications, "shop",
        {{"metadata", {{"labels", {{"team", "blue"}}}, {"annotations", {{"note", "x"}}}}}});
  nothing_happens("labels and annotations");
  Patch(v1::kServices, "shop-web", {{"metadata", {{"labels", {{"team", "blue"}}}}}});
  nothing_happens("labels of a service");
  // The same, written otherwise: order, comments, syntax.
  constexpr char kSame[] = R"(
# the same shop
volumes: {data: }
services:
  db: {volumes: [{type: volume, source: data, target: /data}], image: "db:1"}
  web: {deploy: {replicas: 3}, depends_on: {db: {condition: service_started}}, image: web:1}
)";
  PatchApp({{"compose", kSame}, {"version", "3"}});
  nothing_happens("another way to write it");
  // What a default says, spelled out.
  Patch(v1::kServices, "shop-web",
        {{"spec",
          {{"template", {{"pullPolicy", "IfNotPresent"}, {"restartPolicy", {{"name", "always"}}}}},
           {"revisionHistoryLimit", 10}}}});
  nothing_happens("defaults in full");
}

TEST_F(WorkloadLifecycle, RestartsAllOrOne) {
  Start();
  Uids web = Of("shop-web"), db = Of("shop-db");
  Annotate(v1::kServices, "shop-web", v1::kAnnotationRestartedAt, "2026-01-01T00:00:00Z");
  ASSERT_TRUE(Eventually([&] { return Replaced("shop-web", web); })) << AppMessage();
  EXPECT_EQ(Of("shop-db"), db);
  web = Of("shop-web");
  // Earlier than what the service was asked: it has been done.
  Annotate(v1::kApplications, "shop", v1::kAnnotationRestartedAt, "2025-01-01T00:00:00Z");
  ASSERT_TRUE(Eventually([&] { return Replaced("shop-db", db); })) << AppMessage();
  EXPECT_EQ(Of("shop-web"), web);
  db = Of("shop-db");
  Annotate(v1::kApplications, "shop", v1::kAnnotationRestartedAt, "2026-02-01T00:00:00Z");
  ASSERT_TRUE(Eventually([&] { return Replaced("shop-web", web) && Replaced("shop-db", db); }))
      << AppMessage();
}

// What `restart --wait` waits for: as soon as the request is written, nobody is Ready before it is
// carried out.
TEST_F(WorkloadLifecycle, IsNotReadyBeforeARequestIsCarriedOut) {
  Start();
  const auto done = [&](const client::Resource& kind, const std::string& name) {
    return GetInt(Get(kind, name).status(), "observedGeneration") >= Get(kind, name).generation() &&
           Says(kind, name, "Ready", "True");
  };
  Uids web = Of("shop-web");
  const Uids db = Of("shop-db");
  Annotate(v1::kApplications, "shop", v1::kAnnotationRestartedAt, "2026-01-01T00:00:00Z");
  ASSERT_TRUE(Eventually([&] { return done(v1::kApplications, "shop"); })) << AppMessage();
  for (const std::string& uid : Of("shop-web")) EXPECT_EQ(web.count(uid), 0u);
  for (const std::string& uid : Of("shop-db")) EXPECT_EQ(db.count(uid), 0u);

  web = Of("shop-web");
  FakeHosts::SetNewest("web@sha256:c");
  Annotate(v1::kServices, "shop-web", v1::kAnnotationRedeployedAt, "2026-01-02T00:00:00Z");
  ASSERT_TRUE(Eventually([&] { return done(v1::kServices, "shop-web"); })) << AppMessage();
  for (const std::string& uid : Of("shop-web")) EXPECT_EQ(web.count(uid), 0u);
  EXPECT_EQ(GetString(Get(v1::kServices, "shop-web").status(), "redeployedAt"),
            "2026-01-02T00:00:00Z");
}

TEST_F(WorkloadLifecycle, RescheduleGoesToAnotherNode) {
  Start("services:\n  web: {image: web:1}\n");
  MakeNode("n2");
  const auto node = [&] { return GetString(Containers("shop-web").at(0).spec(), "nodeName"); };
  const std::string before = node();
  // The scheduler may not have seen the new node at the first time.
  for (int day = 1; day <= 9 && node() == before; ++day) {
    const Uids web = Of("shop-web");
    Annotate(v1::kApplications, "shop", v1::kAnnotationRescheduledAt,
             "2026-01-0" + std::to_string(day) + "T00:00:00Z");
    ASSERT_TRUE(Eventually([&] { return Replaced("shop-web", web); })) << AppMessage();
  }
  EXPECT_NE(node(), before);
}

TEST_F(WorkloadLifecycle, PausedServicesKeepWhatTheyRun) {
  Start();
  const Uids web = Of("shop-web");
  PatchApp({{"paused", true}});
  std::string changed = kShop;
  changed.replace(changed.find("web:1"), 5, "web:2");
  PatchApp({{"compose", changed}, {"version", "2"}});
  ASSERT_TRUE(Eventually([&] { return ImageOf("shop-web") == "web:2" && Settled(); }))
      << AppMessage();
  EXPECT_EQ(Of("shop-web"), web);
  // A lost container comes back as it was.
  Must(client_.Delete({}, v1::kContainers,
                      {"default", std::string(Containers("shop-web").at(0).name())}));
  ASSERT_TRUE(Eventually([&] { return Of("shop-web") != web && Of("shop-web").size() == 3; }));
  for (const Object& c : Containers("shop-web"))
    EXPECT_EQ(GetString(GetObject(c.spec(), "template"), "image"), "web:1");
  const Uids now = Of("shop-web");
  PatchApp({{"paused", nullptr}});
  ASSERT_TRUE(Eventually([&] { return Replaced("shop-web", now); })) << AppMessage();
}

TEST_F(WorkloadLifecycle, AnUndoneServiceStaysSoUntilTheTemplateChanges) {
  Start();
  std::string changed = kShop;
  changed.replace(changed.find("web:1"), 5, "web:2");
  const Uids first = Of("shop-web");
  PatchApp({{"compose", changed}, {"version", "2"}});
  ASSERT_TRUE(Eventually([&] { return Replaced("shop-web", first); })) << AppMessage();

  Object service = Get(v1::kServices, "shop-web");
  service.mutable_spec()["template"]["image"] = "web:1";
  service.set_annotation(v1::kAnnotationUndoneTemplate,
                         std::string(service.annotation(v1::kAnnotationDeclaredTemplate)));
  const Uids second = Of("shop-web");
  Must(client_.Update({}, v1::kServices, service));
  ASSERT_TRUE(Eventually([&] { return Replaced("shop-web", second); })) << AppMessage();
  // A change elsewhere leaves it; numbers say which state is the present one.
  changed.replace(changed.find("db:1"), 4, "db:2");
  PatchApp({{"compose", changed}, {"version", "3"}});
  ASSERT_TRUE(Eventually([&] { return ImageOf("shop-db") == "db:2" && Settled(); }))
      << AppMessage();
  EXPECT_EQ(ImageOf("shop-web"), "web:1");
  const std::string current = GetString(Get(v1::kServices, "shop-web").status(), "currentRevision");
  EXPECT_EQ(GetInt(Get(v1::kServiceRevisions, current).spec(), "revision"), 3);

  changed.replace(changed.find("web:2"), 5, "web:3");
  PatchApp({{"compose", changed}, {"version", "4"}});
  ASSERT_TRUE(Eventually([&] { return ImageOf("shop-web") == "web:3" && Settled(); }))
      << AppMessage();
  EXPECT_EQ(Get(v1::kServices, "shop-web").annotation(v1::kAnnotationUndoneTemplate), "");
}

TEST_F(WorkloadLifecycle, RedeployReplacesWhatRunsAnotherImage) {
  Start();
  const Uids web = Of("shop-web"), db = Of("shop-db");
  const auto dealt_with = [&](const std::string& service, const std::string& asked) {
    return GetString(Get(v1::kServices, service).status(), "redeployedAt") == asked && Settled();
  };
  FakeHosts::SetNewest("web@sha256:b");
  Annotate(v1::kServices, "shop-web", v1::kAnnotationRedeployedAt, "2026-01-01T00:00:00Z");
  ASSERT_TRUE(Eventually([&] {
    return Replaced("shop-web", web) && dealt_with("shop-web", "2026-01-01T00:00:00Z");
  })) << AppMessage();
  EXPECT_EQ(Of("shop-db"), db);
  const std::string current = GetString(Get(v1::kServices, "shop-web").status(), "currentRevision");
  EXPECT_EQ(GetString(Get(v1::kServiceRevisions, current).spec(), "resolvedImage"), "web@sha256:b");

  // The same again: nothing.
  const Uids now = Of("shop-web");
  Annotate(v1::kServices, "shop-web", v1::kAnnotationRedeployedAt, "2026-01-02T00:00:00Z");
  ASSERT_TRUE(Eventually([&] { return dealt_with("shop-web", "2026-01-02T00:00:00Z"); }))
      << AppMessage();
  EXPECT_EQ(Of("shop-web"), now);
  EXPECT_TRUE(Says(v1::kServices, "shop-web", "Redeployed", "True", "Newest"));
}

TEST_F(WorkloadLifecycle, StatesOfTheTemplateAreKeptAndNumbered) {
  Start();
  PatchApp({{"revisionHistoryLimit", 2}});
  const auto versions = [&] {
    std::map<int64_t, std::string> out;
    const auto all = client_.ListAll({}, v1::kApplicationRevisions, "default", {});
    for (const Object& r : all->items)
      out[GetInt(r.spec(), "revision")] = GetString(r.spec(), "version");
    return out;
  };
  using Versions = std::map<int64_t, std::string>;
  for (const char* version : {"2", "3", "4"}) {
    std::string changed = kShop;
    changed.replace(changed.find("web:1"), 5, std::string("web:") + version);
    PatchApp({{"compose", changed}, {"version", version}});
    ASSERT_TRUE(Eventually([&] { return versions().rbegin()->second == version; }));
  }
  ASSERT_TRUE(Eventually([&] { return versions() == Versions{{2, "2"}, {3, "3"}, {4, "4"}}; }));
  std::string changed = kShop;
  changed.replace(changed.find("web:1"), 5, "web:3");
  PatchApp({{"compose", changed}, {"version", "3"}});  // undo
  ASSERT_TRUE(Eventually([&] { return versions() == Versions{{2, "2"}, {4, "4"}, {5, "3"}}; }));
  ASSERT_TRUE(Eventually([&] {
    const Object app = Get(v1::kApplications, "shop");
    const Object current =
        Get(v1::kApplicationRevisions, GetString(app.status(), "currentRevision"));
    return GetInt(current.spec(), "revision") == 5;
  }));
}

}  // namespace
}  // namespace gantry
