#include <gtest/gtest.h>

#include <algorithm>

#include "controllers/drivers/docker/conformance/conformance.h"

namespace gantry::docker {
namespace {

bool Running(const ContainerDetails& d) { return d.state.running; }
bool Exited(const ContainerDetails& d) { return d.state.status == "exited"; }

void RunsFromCreateToRemove(ConformanceTest& t) {
  ContainerConfig wish = t.Config();
  wish.env = {"GREETING=hello"};
  auto id = t->CreateContainer(t.ctx, wish);
  ASSERT_TRUE(id.ok()) << id.error().message;
  auto created = t->InspectContainer(t.ctx, wish.name);
  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_EQ(created->id, *id);
  EXPECT_EQ(created->state.status, "created");
  EXPECT_EQ(created->state.started_at, "");
  EXPECT_EQ(created->labels.at("gantry.test"), t.tag);

  ASSERT_TRUE(t->StartContainer(t.ctx, *id).ok());
  auto running = t->InspectContainer(t.ctx, *id);
  ASSERT_TRUE(running.ok());
  EXPECT_TRUE(running->state.running);
  EXPECT_EQ(running->name, wish.name);
  EXPECT_EQ(running->image, wish.image);
  EXPECT_EQ(running->image_id.rfind("sha256:", 0), 0u) << running->image_id;
  EXPECT_NE(running->state.started_at, "");
  EXPECT_EQ(running->state.health, "none");
  EXPECT_NE(std::find(running->env.begin(), running->env.end(), "GREETING=hello"),
            running->env.end());
  ASSERT_EQ(running->networks.count("bridge"), 1u);
  EXPECT_NE(running->networks.at("bridge").ip, "");

  ASSERT_TRUE(t->StopContainer(t.ctx, *id, std::chrono::seconds(5)).ok());
  auto stopped = t->InspectContainer(t.ctx, *id);
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->state.status, "exited");
  EXPECT_NE(stopped->state.finished_at, "");

  ASSERT_TRUE(t->RemoveContainer(t.ctx, *id, false).ok());
  auto gone = t->InspectContainer(t.ctx, *id);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.code(), Code::kNotFound);
}

void RepeatedActionsSucceed(ConformanceTest& t) {
  const std::string id = t.Run(t.Config());
  EXPECT_TRUE(t->StartContainer(t.ctx, id).ok());
  EXPECT_TRUE(t->StopContainer(t.ctx, id, std::chrono::seconds(5)).ok());
  EXPECT_TRUE(t->StopContainer(t.ctx, id, std::chrono::seconds(5)).ok());
  EXPECT_TRUE(t->RemoveContainer(t.ctx, id, false).ok());
  EXPECT_TRUE(t->RemoveContainer(t.ctx, id, false).ok());
}

void ListFindsByLabels(ConformanceTest& t) {
  ContainerConfig one = t.Config();
  one.labels["color"] = "red";
  ContainerConfig two = t.Config();
  two.name = t.Name("d");
  ASSERT_TRUE(t->CreateContainer(t.ctx, one).ok());
  ASSERT_TRUE(t->CreateContainer(t.ctx, two).ok());
  auto both = t->ListContainers(t.ctx, {t.labels});
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->size(), 2u);
  StringMap wanted = t.labels;
  wanted["color"] = "red";
  auto red = t->ListContainers(t.ctx, {wanted});
  ASSERT_TRUE(red.ok());
  ASSERT_EQ(red->size(), 1u);
  EXPECT_EQ(red->front().names, std::vector<std::string>{one.name});
  EXPECT_EQ(red->front().state, "created");
  wanted["color"] = "";  // any value
  EXPECT_EQ(t->ListContainers(t.ctx, {wanted})->size(), 1u);
  wanted["color"] = "blue";
  EXPECT_EQ(t->ListContainers(t.ctx, {wanted})->size(), 0u);
}

void TakenNameIsConflict(ConformanceTest& t) {
  ASSERT_TRUE(t->CreateContainer(t.ctx, t.Config()).ok());
  auto again = t->CreateContainer(t.ctx, t.Config());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.code(), Code::kConflict) << again.error().message;
}

void UnknownImageIsNotFound(ConformanceTest& t) {
  ContainerConfig wish = t.Config();
  wish.image = "gantry/no-such-image:1";
  auto created = t->CreateContainer(t.ctx, wish);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.code(), Code::kNotFound);
  EXPECT_NE(created.error().message.find("no-such-image"), std::string::npos);
}

void BadNameIsBadRequest(ConformanceTest& t) {
  ContainerConfig wish = t.Config();
  wish.name = "not a name";
  auto created = t->CreateContainer(t.ctx, wish);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.code(), Code::kBadRequest) << created.error().message;
}

void RemoveRefusesRunning(ConformanceTest& t) {
  const std::string id = t.Run(t.Config());
  const Status refused = t->RemoveContainer(t.ctx, id, false);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), Code::kConflict);
  EXPECT_TRUE(t->RemoveContainer(t.ctx, id, true).ok());
}

void PortsArePublished(ConformanceTest& t) {
  ContainerConfig wish = t.Config();
  wish.ports = {{80, "tcp", "127.0.0.1", 0}, {81, "tcp", "", std::nullopt}};
  const std::string id = t.Run(wish);
  auto d = t->InspectContainer(t.ctx, id);
  ASSERT_TRUE(d.ok());
  ASSERT_EQ(d->ports.size(), 1u);
  EXPECT_EQ(d->ports[0].container_port, 80);
  EXPECT_EQ(d->ports[0].protocol, "tcp");
  EXPECT_EQ(d->ports[0].host_ip, "127.0.0.1");
  EXPECT_GT(d->ports[0].host_port.value_or(0), 1024);
}

void TakenPortIsAlreadyExists(ConformanceTest& t) {
  ContainerConfig first = t.Config();
  first.ports = {{80, "tcp", "", 0}};
  const std::string id = t.Run(first);
  auto d = t->InspectContainer(t.ctx, id);
  ASSERT_TRUE(d.ok());
  ASSERT_FALSE(d->ports.empty());
  ContainerConfig second = t.Config();
  second.name = t.Name("second");
  second.ports = {{80, "tcp", "", d->ports[0].host_port}};
  auto created = t->CreateContainer(t.ctx, second);
  ASSERT_TRUE(created.ok());
  const Status started = t->StartContainer(t.ctx, *created);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.code(), Code::kAlreadyExists) << started.error().message;
  // The port is free again once its owner has gone.
  ASSERT_TRUE(t->RemoveContainer(t.ctx, id, true).ok());
  EXPECT_TRUE(t->StartContainer(t.ctx, *created).ok());
}

void ExitCodeIsKept(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("exit 3"));
  auto code = t->WaitContainer(t.ctx, id);
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(*code, 3);
  const ContainerDetails d = t.Await(id, Exited);
  EXPECT_EQ(d.state.exit_code, 3);
  EXPECT_EQ(d.restart_count, 0);
}

void EngineRestartsByPolicy(ConformanceTest& t) {
  ContainerConfig wish = t.Config("sleep 0.1; exit 3");
  wish.restart = {"on-failure", 0};
  const std::string id = t.Run(wish);
  t.Await(id, [](const ContainerDetails& d) { return d.restart_count >= 2; });
  ASSERT_TRUE(t->StopContainer(t.ctx, id, std::chrono::seconds(1)).ok());
  const ContainerDetails d = t.Await(id, Exited);
  EXPECT_EQ(d.restart.name, "on-failure");
}

void KillEndsTheProcess(ConformanceTest& t) {
  const std::string id = t.Run(t.Config());
  t.Await(id, Running);
  ASSERT_TRUE(t->KillContainer(t.ctx, id, "KILL").ok());
  EXPECT_EQ(t.Await(id, Exited).state.exit_code, 137);
  const Status again = t->KillContainer(t.ctx, id, "KILL");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.code(), Code::kConflict);
}

void UpdateChangesPolicy(ConformanceTest& t) {
  const std::string id = t.Run(t.Config());
  ContainerUpdate update;
  update.restart = RestartPolicy{"always", 0};
  ASSERT_TRUE(t->UpdateContainer(t.ctx, id, update).ok());
  auto d = t->InspectContainer(t.ctx, id);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->restart.name, "always");
}

void RenameKeepsTheContainer(ConformanceTest& t) {
  auto id = t->CreateContainer(t.ctx, t.Config());
  ASSERT_TRUE(id.ok());
  ASSERT_TRUE(t->RenameContainer(t.ctx, *id, t.Name("other")).ok());
  auto d = t->InspectContainer(t.ctx, t.Name("other"));
  ASSERT_TRUE(d.ok()) << d.error().message;
  EXPECT_EQ(d->id, *id);
}

void ResourcesAreSet(ConformanceTest& t) {
  ContainerConfig wish = t.Config();
  wish.resources.cpus = 0.5;
  wish.resources.memory_bytes = 64 << 20;
  auto id = t->CreateContainer(t.ctx, wish);
  ASSERT_TRUE(id.ok()) << id.error().message;
  auto d = t->InspectContainer(t.ctx, *id);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->resources.cpus, 0.5);
  EXPECT_EQ(d->resources.memory_bytes, 64 << 20);
}

void RunOptionsAreKept(ConformanceTest& t) {
  ContainerConfig wish = t.Config();
  wish.user = "1000:1000";
  RunOptions& run = wish.run;
  run.domainname = "example.com";
  run.groups = {"2000"};
  run.init = run.read_only = true;
  run.ipc = "private";
  run.shm_size_bytes = 8 << 20;
  run.ulimits = {{"nofile", 1024, 2048}};
  run.sysctls = {{"net.core.somaxconn", "512"}};
  run.dns_options = {"ndots:3"};
  run.cap_add = {"NET_BIND_SERVICE"};
  run.cap_drop = {"ALL"};
  run.security_options = {"no-new-privileges"};
  run.pids = 64;
  run.cpu_shares = 512;
  run.oom_score_adjustment = 100;
  run.cgroup = "private";
  run.runtime = "runc";
  run.device_cgroup_rules = {"c 1:3 r"};
  run.device_requests = {{"", -1, {}, {"gpu", "compute"}, {{"a", "b"}}}};
  auto id = t->CreateContainer(t.ctx, wish);
  ASSERT_TRUE(id.ok()) << id.error().message;
  auto d = t->InspectContainer(t.ctx, *id);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->user, wish.user);
  EXPECT_EQ(d->run.domainname, run.domainname);
  EXPECT_EQ(d->run.groups, run.groups);
  EXPECT_TRUE(d->run.init);
  EXPECT_TRUE(d->run.read_only);
  EXPECT_EQ(d->run.ipc, run.ipc);
  EXPECT_EQ(d->run.shm_size_bytes, run.shm_size_bytes);
  ASSERT_EQ(d->run.ulimits.size(), 1u);
  EXPECT_EQ(d->run.ulimits[0].name, "nofile");
  EXPECT_EQ(d->run.ulimits[0].soft, 1024);
  EXPECT_EQ(d->run.ulimits[0].hard, 2048);
  EXPECT_EQ(d->run.sysctls, run.sysctls);
  EXPECT_EQ(d->run.dns_options, run.dns_options);
  ASSERT_EQ(d->run.cap_add.size(), 1u);  // newer engines put CAP_ before it
  EXPECT_NE(d->run.cap_add[0].find("NET_BIND_SERVICE"), std::string::npos);
  EXPECT_EQ(d->run.cap_drop, run.cap_drop);
  EXPECT_EQ(d->run.security_options, run.security_options);
  EXPECT_EQ(d->run.pids, run.pids);
  EXPECT_EQ(d->run.cpu_shares, run.cpu_shares);
  EXPECT_EQ(d->run.oom_score_adjustment, run.oom_score_adjustment);
  EXPECT_EQ(d->run.cgroup, run.cgroup);
  EXPECT_EQ(d->run.runtime, run.runtime);
  EXPECT_EQ(d->run.device_cgroup_rules, run.device_cgroup_rules);
  ASSERT_EQ(d->run.device_requests.size(), 1u);
  EXPECT_EQ(d->run.device_requests[0].count, -1);
  EXPECT_EQ(d->run.device_requests[0].capabilities, run.device_requests[0].capabilities);
  EXPECT_EQ(d->run.device_requests[0].options, run.device_requests[0].options);
}

}  // namespace

ConformanceCases ContainerCases() {
  return {{"RunsFromCreateToRemove", RunsFromCreateToRemove},
          {"RepeatedActionsSucceed", RepeatedActionsSucceed},
          {"ListFindsByLabels", ListFindsByLabels},
          {"TakenNameIsConflict", TakenNameIsConflict},
          {"UnknownImageIsNotFound", UnknownImageIsNotFound},
          {"BadNameIsBadRequest", BadNameIsBadRequest},
          {"RemoveRefusesRunning", RemoveRefusesRunning},
          {"PortsArePublished", PortsArePublished},
          {"TakenPortIsAlreadyExists", TakenPortIsAlreadyExists},
          {"ExitCodeIsKept", ExitCodeIsKept},
          {"EngineRestartsByPolicy", EngineRestartsByPolicy},
          {"KillEndsTheProcess", KillEndsTheProcess},
          {"UpdateChangesPolicy", UpdateChangesPolicy},
          {"RenameKeepsTheContainer", RenameKeepsTheContainer},
          {"ResourcesAreSet", ResourcesAreSet},
          {"RunOptionsAreKept", RunOptionsAreKept}};
}

}  // namespace gantry::docker
