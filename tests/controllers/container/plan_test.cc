#include "controllers/container/plan.h"

#include <gtest/gtest.h>

#include "controllers/container/labels.h"

namespace gantry::container {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = *ParseTime("2026-11-21T12:00:00Z");

docker::ContainerDetails Engine(const std::string& id, const std::string& status) {
  docker::ContainerDetails c;
  c.id = id;
  c.labels[kEngineSpecHash] = "h1";
  c.state.status = status;
  c.state.running = status == "running";
  c.state.started_at = "2026-11-21T11:59:00.123456789Z";
  return c;
}

Wanted Want() {
  Wanted w;
  w.spec_hash = "h1";
  return w;
}

TEST(ContainerPlan, ANewContainerIsCreated) {
  const Plan p = MakePlan(Want(), {}, kNow);
  EXPECT_EQ(p.step, Plan::Step::kCreate);
  EXPECT_EQ(p.restart_count, 0);
  EXPECT_EQ(p.phase, "Creating");
}

TEST(ContainerPlan, OneRemovedByHandIsMadeAgainAndCounted) {
  Wanted w = Want();
  w.container_id = "gone";
  const Plan p = MakePlan(w, {}, kNow);
  EXPECT_EQ(p.step, Plan::Step::kCreate);
  EXPECT_EQ(p.restart_count, 1);
}

TEST(ContainerPlan, OneThatWasNeverStartedIsStarted) {
  const Observed have = {Engine("a", "created")};
  const Plan p = MakePlan(Want(), have, kNow);
  EXPECT_EQ(p.step, Plan::Step::kStart);
  EXPECT_EQ(p.step_id, "a");
  EXPECT_TRUE(p.remove.empty());
}

TEST(ContainerPlan, AnotherTemplateMeansAnotherContainer) {
  Observed have = {Engine("old", "running")};
  have[0].labels[kEngineSpecHash] = "h0";
  const Plan p = MakePlan(Want(), have, kNow);
  EXPECT_EQ(p.remove, std::vector<std::string>{"old"});
  EXPECT_EQ(p.step, Plan::Step::kCreate);
}

TEST(ContainerPlan, OfTwoTheKnownOneStays) {
  Wanted w = Want();
  w.container_id = "b";
  const Observed have = {Engine("a", "running"), Engine("b", "running"), Engine("c", "exited")};
  const Plan p = MakePlan(w, have, kNow);
  EXPECT_EQ(p.remove, (std::vector<std::string>{"a", "c"}));
  ASSERT_NE(p.current, nullptr);
  EXPECT_EQ(p.current->id, "b");
}

TEST(ContainerPlan, ReadyWithoutACheckAfterRunningForAWhile) {
  const Observed have = {Engine("a", "running")};
  Wanted w = Want();
  w.spec.min_ready_seconds = 2;
  Plan p = MakePlan(w, have, kNow);
  EXPECT_FALSE(p.ready);
  EXPECT_EQ(p.requeue.kind, runtime::Requeue::Kind::kAfter);
  EXPECT_EQ(p.requeue.delay, 2s);

  w.started_at = "2026-11-21T11:59:00Z";
  w.running_since = kNow - 2s;
  p = MakePlan(w, have, kNow);
  EXPECT_TRUE(p.ready);
  EXPECT_EQ(p.phase, "Running");
  EXPECT_EQ(p.requeue.kind, runtime::Requeue::Kind::kNever);

  w.started_at = "2026-11-21T11:00:00Z";  // that was another process
  EXPECT_FALSE(MakePlan(w, have, kNow).ready);
}

TEST(ContainerPlan, HealthDecidesWhereThereIsACheck) {
  const std::tuple<const char*, bool, const char*> cases[] = {{"starting", false, "HealthStarting"},
                                                              {"healthy", true, "Healthy"},
                                                              {"unhealthy", false, "Unhealthy"}};
  for (const auto& [health, ready, reason] : cases) {
    Observed have = {Engine("a", "running")};
    have[0].state.health = health;
    const Plan p = MakePlan(Want(), have, kNow);
    EXPECT_EQ(p.ready, ready) << health;
    EXPECT_EQ(p.reason, reason) << health;
  }
}

TEST(ContainerPlan, WhetherAnEndedProcessRunsAgain) {
  struct Case {
    const char* policy;
    int max;
    int exit_code;
    int engine_restarts;
    Plan::Step step;
    const char* phase;
  };
  const Case cases[] = {
      {"always", 0, 0, 0, Plan::Step::kStart, "Exited"},
      {"unless-stopped", 0, 1, 0, Plan::Step::kStart, "Exited"},
      {"no", 0, 0, 0, Plan::Step::kNone, "Exited"},
      {"no", 0, 3, 0, Plan::Step::kNone, "Failed"},
      {"on-failure", 0, 0, 0, Plan::Step::kNone, "Exited"},
      {"on-failure", 2, 1, 1, Plan::Step::kStart, "Exited"},
      {"on-failure", 2, 1, 2, Plan::Step::kNone, "Failed"},
  };
  for (const Case& c : cases) {
    Observed have = {Engine("a", "exited")};
    have[0].state.exit_code = c.exit_code;
    have[0].restart_count = c.engine_restarts;
    Wanted w = Want();
    w.spec.tmpl.restart_policy = c.policy;
    w.spec.tmpl.restart_max_retries = c.max;
    w.stopped_since = kNow - kStoppedByOthers;
    const Plan p = MakePlan(w, have, kNow);
    EXPECT_EQ(p.step, c.step) << c.policy << c.exit_code;
    EXPECT_EQ(p.phase, c.phase) << c.policy << c.exit_code;
  }
}

TEST(ContainerPlan, WhoeverStoppedItIsLetFinish) {
  const Observed have = {Engine("a", "exited")};
  Wanted w = Want();
  w.spec.tmpl.restart_policy = "always";
  Plan p = MakePlan(w, have, kNow);  // seen for the first time
  EXPECT_EQ(p.step, Plan::Step::kNone);
  EXPECT_EQ(p.reason, "Stopped");
  EXPECT_EQ(p.requeue.delay, kStoppedByOthers);
  EXPECT_EQ(p.restart_count, 0);
  w.stopped_since = kNow - 2s;
  p = MakePlan(w, have, kNow);
  EXPECT_EQ(p.step, Plan::Step::kNone);
  EXPECT_EQ(p.requeue.delay, kStoppedByOthers - 2s);
  w.stopped_since = kNow - kStoppedByOthers;
  p = MakePlan(w, have, kNow);
  EXPECT_EQ(p.step, Plan::Step::kStart);
  EXPECT_EQ(p.restart_count, 1);
}

TEST(ContainerPlan, DeletionRemovesAllAndReleases) {
  Wanted w = Want();
  w.deleting = true;
  const Observed have = {Engine("a", "running"), Engine("b", "exited")};
  const Plan p = MakePlan(w, have, kNow);
  EXPECT_EQ(p.remove, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(p.release);
  EXPECT_EQ(p.step, Plan::Step::kNone);
}

TEST(ContainerPlan, OneThatIsToldToStopStopsAndStays) {
  Wanted w = Want();
  w.spec.stopped = true;
  w.phase = "Running";
  Observed have = {Engine("a", "running")};
  EXPECT_EQ(MakePlan(w, have, kNow).step, Plan::Step::kStop);
  EXPECT_EQ(MakePlan(w, have, kNow).step_id, "a");
  have = {Engine("a", "exited")};
  Plan p = MakePlan(w, have, kNow);
  EXPECT_EQ(p.step, Plan::Step::kNone);
  EXPECT_EQ(p.phase, "Stopped");
  EXPECT_FALSE(p.ready);
  EXPECT_TRUE(p.remove.empty());
  p = MakePlan(w, {}, kNow);  // removed by hand meanwhile
  EXPECT_EQ(p.step, Plan::Step::kNone);
  EXPECT_EQ(p.phase, "Stopped");
}

TEST(ContainerPlan, ItIsStartedAgainAtOnceWhateverItsPolicy) {
  Wanted w = Want();
  w.phase = "Stopped";
  w.spec.tmpl.restart_policy = "no";
  w.restart_count = 3;
  const Observed have = {Engine("a", "exited")};
  const Plan p = MakePlan(w, have, kNow);
  EXPECT_EQ(p.step, Plan::Step::kStart);
  EXPECT_EQ(p.step_id, "a");
  EXPECT_EQ(p.restart_count, 3);
}

TEST(ContainerPlan, WhatHadEndedByItselfStaysSo) {
  Wanted w = Want();
  w.spec.stopped = true;
  w.spec.tmpl.restart_policy = "no";
  w.phase = "Exited";
  const Observed have = {Engine("a", "exited")};
  EXPECT_EQ(MakePlan(w, have, kNow).phase, "Exited");
  w.spec.stopped = false;
  EXPECT_EQ(MakePlan(w, have, kNow).step, Plan::Step::kNone);
}

}  // namespace
}  // namespace gantry::container
