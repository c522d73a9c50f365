#include <gtest/gtest.h>

#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/condition.h"
#include "controllers/container/labels.h"
#include "tests/controllers/hosting/cases/world.h"

namespace gantry::testing {
namespace {

using namespace std::chrono_literals;

std::string ReasonOf(const Object& o) {
  const Json* ready = FindCondition(o.status(), "Ready");
  return ready ? GetString(*ready, "reason") : "";
}

std::string MessageOf(const Object& o) { return GetString(o.status(), "message"); }

void NodeBecomesReady(World& w) {
  Object node;
  EXPECT_TRUE(w.Eventually([&] {
    auto got = w.client.Get(w.ctx, v1::kNodes, {"", "host-1"});
    if (got.ok()) node = *std::move(got);
    return IsReady(node);
  })) << DumpJson(node.status());
  const Json& s = node.status();
  EXPECT_EQ(GetString(s, "phase"), "Ready");
  EXPECT_NE(GetString(s, "engineVersion"), "");
  EXPECT_EQ(GetString(s, "apiVersion").rfind("1.", 0), 0u);
  EXPECT_EQ(GetString(s, "architecture"), "x86_64");
  EXPECT_GT(GetDouble(GetObject(s, "capacity"), "cpus"), 0);
  EXPECT_GT(GetInt(GetObject(s, "capacity"), "memoryBytes"), 0);
  EXPECT_NE(GetString(s, "lastHeartbeatTime"), "");
}

void CordonedNodeSaysSo(World& w) {
  const auto summary = [&w] {
    auto got = w.client.Get(w.ctx, v1::kNodes, {"", "host-1"});
    return got.ok() ? GetString(got->status(), "summary") : "";
  };
  for (const bool cordoned : {true, false}) {
    ASSERT_TRUE(w.client
                    .Patch(w.ctx, v1::kNodes, {"", "host-1"}, client::PatchType::kMerge,
                           {{"spec", {{"unschedulable", cordoned}}}})
                    .ok());
    const std::string want = cordoned ? "Ready,SchedulingDisabled" : "Ready";
    EXPECT_TRUE(w.Eventually([&] { return summary() == want; })) << summary();
  }
}

void UnreachableNodeIsNotReady(World& w) {
  w.MakeNode("host-2", "unix:///nonexistent/docker.sock");
  Object node;
  EXPECT_TRUE(w.Eventually([&] {
    auto got = w.client.Get(w.ctx, v1::kNodes, {"", "host-2"});
    if (got.ok()) node = *std::move(got);
    return ReasonOf(node) == "EngineUnreachable";
  })) << DumpJson(node.status());
  EXPECT_EQ(GetString(node.status(), "phase"), "NotReady");
  EXPECT_NE(w.AwaitEvent("NodeNotReady").find("/nonexistent/docker.sock"), std::string::npos);
  // What is bound to it says so, too, and waits.
  w.MakeContainer("lost", Json::object(), "host-2");
  w.Await("lost", [](const Object& o) { return ReasonOf(o) == "NodeUnreachable"; });
  ASSERT_TRUE(w.Delete(v1::kContainers, {"default", "lost"}).ok());
  // It may still run there: the deletion waits, until the Node is declared gone.
  EXPECT_FALSE(w.Eventually([&] { return w.Gone(v1::kContainers, {"default", "lost"}); }, 1s));
  ASSERT_TRUE(w.Delete(v1::kNodes, {"", "host-2"}).ok());
  EXPECT_TRUE(w.Eventually([&] { return w.Gone(v1::kContainers, {"default", "lost"}); }));
  EXPECT_NE(w.AwaitEvent("NodeGone"), "");
}

void ContainerRuns(World& w) {
  const Object made = w.MakeContainer(
      "web", {{"ports", {{{"containerPort", 80}, {"hostPort", 0}, {"hostIP", "127.0.0.1"}}}},
              {"env", {{{"name", "COLOR"}, {"value", "red"}}}},
              {"labels", {{"color", "red"}}}});
  const Object ready = w.AwaitReady("web");
  const Json& s = ready.status();
  EXPECT_EQ(GetString(s, "phase"), "Running");
  EXPECT_TRUE(GetBool(s, "ready"));
  EXPECT_EQ(GetInt(s, "restartCount"), 0);
  EXPECT_NE(GetString(s, "ip"), "");
  EXPECT_EQ(GetString(s, "hostIP"), "127.0.0.1");
  EXPECT_EQ(GetString(s, "imageID").rfind("sha256:", 0), 0u);
  EXPECT_NE(GetString(s, "startedAt"), "");
  ASSERT_EQ(GetArray(s, "ports").size(), 1u);
  EXPECT_EQ(GetInt(GetArray(s, "ports")[0], "containerPort"), 80);
  EXPECT_GT(GetInt(GetArray(s, "ports")[0], "hostPort"), 1024);
  EXPECT_TRUE(ready.has_finalizer(v1::kFinalizerContainer));

  const auto there = w.OnHost("web");
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there[0].id, GetString(s, "containerID"));
  EXPECT_EQ(there[0].names[0], "default_shop_web_1_" + std::string(made.uid().substr(0, 8)));
  EXPECT_EQ(there[0].labels.at(container::kEngineUid), made.uid());
  EXPECT_EQ(there[0].labels.at("color"), "red");

  ASSERT_TRUE(w.Delete(v1::kContainers, {"default", "web"}).ok());
  EXPECT_TRUE(w.Eventually([&] { return w.Gone(v1::kContainers, {"default", "web"}); }));
  EXPECT_TRUE(w.OnHost("web").empty());
}

void RemovedByHandComesBack(World& w) {
  w.MakeContainer("web");
  const std::string first = GetString(w.AwaitReady("web").status(), "containerID");
  ASSERT_TRUE(w.engine->RemoveContainer(w.ctx, first, true).ok());
  const Object again = w.Await("web", [&](const Object& o) {
    return IsReady(o) && GetString(o.status(), "containerID") != first;
  });
  EXPECT_EQ(GetInt(again.status(), "restartCount"), 1);
  EXPECT_EQ(w.OnHost("web").size(), 1u);
}

void StoppedByHandIsStartedAgain(World& w) {
  w.MakeContainer("web");
  const std::string id = GetString(w.AwaitReady("web").status(), "containerID");
  ASSERT_TRUE(w.engine->StopContainer(w.ctx, id, 1s).ok());
  const Object again = w.Await(
      "web", [](const Object& o) { return IsReady(o) && GetInt(o.status(), "restartCount") == 1; });
  EXPECT_EQ(GetString(again.status(), "containerID"), id);
}

void ToldToStopItIsKeptAndStartedAgain(World& w) {
  w.MakeContainer("web");
  const std::string id = GetString(w.AwaitReady("web").status(), "containerID");
  const auto tell = [&](const Json& stopped) {
    return w.client
        .Patch(w.ctx, v1::kContainers, {"default", "web"}, client::PatchType::kMerge,
               {{"spec", {{"stopped", stopped}}}})
        .ok();
  };
  ASSERT_TRUE(tell(true));
  w.Await("web", [](const Object& o) {
    return GetString(o.status(), "phase") == "Stopped" && !GetBool(o.status(), "ready");
  });
  const auto stopped = w.engine->InspectContainer(w.ctx, id);
  ASSERT_TRUE(stopped.ok());
  EXPECT_FALSE(stopped->state.running);
  ASSERT_TRUE(tell(nullptr));
  const Object again = w.AwaitReady("web");
  EXPECT_EQ(GetString(again.status(), "containerID"), id);
  EXPECT_EQ(GetInt(again.status(), "restartCount"), 0);
}

void OneImageForARevision(World& w) {
  Object revision(v1::kServiceRevisions.gvk(), {"default", "web-one"});
  revision.mutable_spec() = {{"revision", 1}, {"template", {{"image", "gantry/sample-web:1.0"}}}};
  ASSERT_TRUE(w.client.Create(w.ctx, v1::kServiceRevisions, revision).ok());
  w.MakeContainer("web");
  const std::string image = GetString(w.AwaitReady("web").status(), "imageID");
  const auto make = [&](const std::string& name, const std::string& resolved) {
    Object o = w.Get("web");
    Object made(v1::kContainers.gvk(), {"default", name});
    made.mutable_spec() = o.spec();
    made.mutable_spec()["revision"] = resolved;
    return w.client.Create(w.ctx, v1::kContainers, made).ok();
  };
  ASSERT_TRUE(make("first", "web-one"));
  w.AwaitReady("first");
  const auto pinned = w.client.Get(w.ctx, v1::kServiceRevisions, {"default", "web-one"});
  ASSERT_TRUE(pinned.ok());
  EXPECT_EQ(GetString(pinned->spec(), "resolvedImage"), image);
  // One that the host lacks and no registry has: said, and nothing else is run instead.
  Object other(v1::kServiceRevisions.gvk(), {"default", "web-two"});
  other.mutable_spec() = revision.spec();
  other.mutable_spec()["resolvedImage"] = "sha256:" + std::string(64, '0');
  ASSERT_TRUE(w.client.Create(w.ctx, v1::kServiceRevisions, other).ok());
  ASSERT_TRUE(make("second", "web-two"));
  w.Await("second", [](const Object& o) {
    const Json* ready = FindCondition(o.status(), "Ready");
    return ready && GetString(*ready, "reason") == "ImageNotFound";
  });
  EXPECT_TRUE(w.OnHost("second").empty());
}

void ControllersAdoptAfterARestart(World& w) {
  w.MakeContainer("web");
  w.MakeContainer("api");
  const std::string web = GetString(w.AwaitReady("web").status(), "containerID");
  const std::string api = GetString(w.AwaitReady("api").status(), "containerID");
  w.StopControllers();
  // While nobody looks: one is removed, and one is deleted in the API.
  w.MakeContainer("late");
  ASSERT_TRUE(w.engine->RemoveContainer(w.ctx, web, true).ok());
  w.StartControllers();
  w.AwaitReady("late");
  w.Await("web", [&](const Object& o) {
    return IsReady(o) && GetString(o.status(), "containerID") != web;
  });
  EXPECT_EQ(GetString(w.AwaitReady("api").status(), "containerID"), api);
  EXPECT_EQ(w.AllOnHost().size(), 3u);
}

void OrphansGoAndStrangersStay(World& w) {
  w.MakeContainer("web");
  const std::string mine = GetString(w.AwaitReady("web").status(), "containerID");
  auto details = w.engine->InspectContainer(w.ctx, mine);
  ASSERT_TRUE(details.ok());
  w.StopControllers();
  docker::ContainerConfig orphan;
  orphan.name = "hosting-orphan-" + w.installation.substr(0, 8);
  orphan.image = "gantry/sample-web:1.0";
  orphan.labels = details->labels;
  orphan.labels[container::kEngineUid] = "00000000-0000-4000-8000-000000000000";
  orphan.labels[container::kEngineName] = "nobody";
  docker::ContainerConfig stranger = orphan;
  stranger.name = "hosting-stranger-" + w.installation.substr(0, 8);
  stranger.labels[container::kEngineInstallation] = "another";
  auto orphan_id = w.engine->CreateContainer(w.ctx, orphan);
  auto stranger_id = w.engine->CreateContainer(w.ctx, stranger);
  ASSERT_TRUE(orphan_id.ok() && stranger_id.ok());
  w.StartControllers();
  EXPECT_TRUE(w.Eventually(
      [&] { return w.engine->InspectContainer(w.ctx, *orphan_id).code() == Code::kNotFound; }));
  EXPECT_TRUE(w.engine->InspectContainer(w.ctx, *stranger_id).ok());
  EXPECT_TRUE(w.engine->InspectContainer(w.ctx, mine).ok());
  EXPECT_TRUE(w.engine->RemoveContainer(w.ctx, *stranger_id, true).ok());
}

void UnknownImageIsTold(World& w) {
  w.MakeContainer("bad", {{"image", "127.0.0.1:9/none/none:1"}});
  const Object o = w.Await("bad", [](const Object& c) {
    return MessageOf(c).find("pull image \"127.0.0.1:9/none/none:1\"") != std::string::npos;
  });
  EXPECT_FALSE(IsReady(o));
  EXPECT_NE(w.AwaitEvent("Failed").find("127.0.0.1:9/none/none:1"), std::string::npos);
  EXPECT_TRUE(w.OnHost("bad").empty());
}

void TakenPortIsTold(World& w) {
  w.MakeContainer("first", {{"ports", {{{"containerPort", 80}, {"hostPort", 0}}}}});
  const Object first = w.AwaitReady("first");
  const int64_t port = GetInt(GetArray(first.status(), "ports")[0], "hostPort");
  w.MakeContainer("second", {{"ports", {{{"containerPort", 80}, {"hostPort", port}}}}});
  const Object second = w.Await("second", [](const Object& o) { return !MessageOf(o).empty(); });
  EXPECT_NE(MessageOf(second).find(std::to_string(port)), std::string::npos) << MessageOf(second);
  EXPECT_FALSE(IsReady(second));
  // Free again, it is taken.
  ASSERT_TRUE(w.Delete(v1::kContainers, {"default", "first"}).ok());
  w.AwaitReady("second");
}

void ExitedContainersShowWhy(World& w) {
  w.MakeContainer("job",
                  {{"command", {"/bin/sh", "-c", "exit 3"}}, {"restartPolicy", {{"name", "no"}}}});
  const Object failed =
      w.Await("job", [](const Object& o) { return GetString(o.status(), "phase") == "Failed"; });
  const Json& last = GetObject(failed.status(), "lastTermination");
  EXPECT_EQ(GetInt(last, "exitCode"), 3);
  EXPECT_EQ(GetString(last, "reason"), "Error");
  EXPECT_NE(MessageOf(failed).find("3"), std::string::npos);
  EXPECT_FALSE(IsReady(failed));

  w.MakeContainer("done",
                  {{"command", {"/bin/sh", "-c", "exit 0"}}, {"restartPolicy", {{"name", "no"}}}});
  const Object exited =
      w.Await("done", [](const Object& o) { return GetString(o.status(), "phase") == "Exited"; });
  EXPECT_EQ(ReasonOf(exited), "Completed");
}

void EngineRestartsAreCounted(World& w) {
  w.MakeContainer("flaky", {{"command", {"/bin/sh", "-c", "sleep 0.1; exit 1"}}});
  const Object o =
      w.Await("flaky", [](const Object& c) { return GetInt(c.status(), "restartCount") >= 2; });
  EXPECT_EQ(w.OnHost("flaky").size(), 1u);
  EXPECT_EQ(GetInt(GetObject(o.status(), "lastTermination"), "exitCode"), 1);
}

void VolumesOutliveContainers(World& w) {
  Object volume(v1::kVolumes.gvk(), {"default", "data"});
  volume.mutable_spec() = Json::object();
  ASSERT_TRUE(w.client.Create(w.ctx, v1::kVolumes, volume).ok());
  w.MakeContainer("db",
                  {{"mounts", {{{"type", "volume"}, {"source", "data"}, {"target", "/data"}}}}});
  w.AwaitReady("db");
  auto there = w.engine->InspectVolume(w.ctx, "default_data");
  ASSERT_TRUE(there.ok());
  EXPECT_EQ(there->labels.at(container::kEngineInstallation), w.installation);
  auto noted = w.client.Get(w.ctx, v1::kVolumes, {"default", "data"});
  ASSERT_TRUE(noted.ok());
  EXPECT_EQ(GetStrings(noted->status(), "nodes"), std::vector<std::string>{"host-1"});

  ASSERT_TRUE(w.Delete(v1::kContainers, {"default", "db"}).ok());
  EXPECT_TRUE(w.Eventually([&] { return w.Gone(v1::kContainers, {"default", "db"}); }));
  EXPECT_TRUE(w.engine->InspectVolume(w.ctx, "default_data").ok());
  ASSERT_TRUE(w.Delete(v1::kVolumes, {"default", "data"}).ok());
  EXPECT_TRUE(w.Eventually([&] { return w.Gone(v1::kVolumes, {"default", "data"}); }));
  EXPECT_EQ(w.engine->InspectVolume(w.ctx, "default_data").code(), Code::kNotFound);
}

void NetworkComesAndGoesWithTheApplication(World& w) {
  w.MakeContainer("web");
  w.AwaitReady("web");
  auto network = w.engine->InspectNetwork(w.ctx, "gantry_default_shop");
  ASSERT_TRUE(network.ok()) << network.error().message;
  auto details = w.engine->InspectContainer(w.ctx, w.OnHost("web")[0].id);
  ASSERT_TRUE(details.ok());
  ASSERT_EQ(details->networks.count("gantry_default_shop"), 1u);
  const auto& aliases = details->networks.at("gantry_default_shop").aliases;
  EXPECT_NE(std::find(aliases.begin(), aliases.end(), "web"), aliases.end());
  ASSERT_TRUE(w.Delete(v1::kContainers, {"default", "web"}).ok());
  EXPECT_TRUE(w.Eventually([&] {
    return w.engine->InspectNetwork(w.ctx, "gantry_default_shop").code() == Code::kNotFound;
  }));
}

void ManyAtOnceAreExactlyMany(World& w) {
  constexpr int kMany = 10;
  for (int i = 0; i < kMany; ++i) w.MakeContainer("web-" + std::to_string(i));
  for (int i = 0; i < kMany; ++i) w.AwaitReady("web-" + std::to_string(i));
  EXPECT_EQ(w.AllOnHost().size(), static_cast<size_t>(kMany));
}

}  // namespace

std::vector<HostingCase> ContainerCases() {
  return {{"NodeBecomesReady", NodeBecomesReady},
          {"CordonedNodeSaysSo", CordonedNodeSaysSo},
          {"UnreachableNodeIsNotReady", UnreachableNodeIsNotReady},
          {"ContainerRuns", ContainerRuns},
          {"RemovedByHandComesBack", RemovedByHandComesBack},
          {"StoppedByHandIsStartedAgain", StoppedByHandIsStartedAgain},
          {"ToldToStopItIsKeptAndStartedAgain", ToldToStopItIsKeptAndStartedAgain},
          {"OneImageForARevision", OneImageForARevision},
          {"ControllersAdoptAfterARestart", ControllersAdoptAfterARestart},
          {"OrphansGoAndStrangersStay", OrphansGoAndStrangersStay},
          {"UnknownImageIsTold", UnknownImageIsTold},
          {"TakenPortIsTold", TakenPortIsTold},
          {"ExitedContainersShowWhy", ExitedContainersShowWhy},
          {"EngineRestartsAreCounted", EngineRestartsAreCounted},
          {"VolumesOutliveContainers", VolumesOutliveContainers},
          {"NetworkComesAndGoesWithTheApplication", NetworkComesAndGoesWithTheApplication},
          {"ManyAtOnceAreExactlyMany", ManyAtOnceAreExactlyMany}};
}

}  // namespace gantry::testing
