// The planner of services: scenarios with their exact steps, and safety over random histories.
#include "controllers/service/plan.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace gantry::service {
namespace {

// Builds planner inputs, one line an instance.
class State {
 public:
  State() {
    in_.service = "web";
    in_.uid = "svc-uid";
    in_.revision = "new";
    in_.spec.replicas = 3;
    in_.started = true;
  }
  State& Replicas(int n) {
    in_.spec.replicas = n;
    return *this;
  }
  State& Stopped() {
    in_.spec.stopped = true;
    return *this;
  }
  State& Paused() {
    in_.spec.paused = true;
    return *this;
  }
  State& Rescheduled(std::string when) {
    in_.rescheduled = std::move(when);
    return *this;
  }
  State& RenewEnded() {
    in_.renew_ended = true;
    return *this;
  }
  State& Recreate() {
    in_.spec.strategy_type = "Recreate";
    return *this;
  }
  State& StartFirst() {
    in_.spec.order = "StartFirst";
    return *this;
  }
  State& InFlight(int n) {
    in_.spec.max_in_flight = n;
    return *this;
  }
  State& Global(std::vector<NodeView> nodes) {
    in_.spec.mode = "Global";
    in_.nodes = std::move(nodes);
    return *this;
  }
  State& Unstarted(std::vector<std::string> unmet) {
    in_.started = false;
    in_.unmet = std::move(unmet);
    return *this;
  }
  State& Vacant(int slot, std::string node) {
    in_.vacancies.push_back({slot, std::move(node), "old-uid", ""});
    return *this;
  }
  // `flags`: r ready, d deleting, g its node is gone, s its node is silent, c completed, e ended,
  // t told to stop, h and did.
  State& Has(int slot, std::string revision, std::string flags, std::string node = "n1") {
    Instance i;
    i.slot = slot;
    i.name = "web-" + std::to_string(slot) + "-" + revision + std::to_string(in_.instances.size());
    i.uid = "uid-" + std::to_string(in_.instances.size());
    i.revision = std::move(revision);
    i.node = std::move(node);
    const auto has = [&](char c) { return flags.find(c) != std::string::npos; };
    i.ready = has('r');
    i.deleting = has('d');
    i.node_gone = has('g');
    i.node_silent = has('s');
    i.completed = has('c');
    i.ended = has('e');
    i.stopped = has('t') || has('h');
    i.halted = has('h');
    in_.instances.push_back(std::move(i));
    return *this;
  }
  v1::ServiceSpec& spec() { return in_.spec; }
  const PlanInput& input() const { return in_; }
  Plan MakePlan() const { return service::MakePlan(in_); }
  std::string Steps() const { return Describe(MakePlan()); }

 private:
  PlanInput in_;
};

struct Scenario {
  const char* name;
  State state;
  std::string steps;
};

class PlanScenario : public ::testing::TestWithParam<Scenario> {};

TEST_P(PlanScenario, HasTheseSteps) { EXPECT_EQ(GetParam().state.Steps(), GetParam().steps); }

State WithVolume(State s) {
  s.spec().tmpl.mounts.push_back({"volume", "data", "/data", false, false});
  return s;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlanScenario,
    ::testing::Values(
        Scenario{"FromNothing", State(), "create slot 1\ncreate slot 2\ncreate slot 3\n"},
        Scenario{"AllThere", State().Has(1, "new", "r").Has(2, "new", "r").Has(3, "new", "r"), ""},
        Scenario{"NotReadyIsLeftToItsHost",
                 State().Has(1, "new", "r").Has(2, "new", "").Has(3, "new", "r"), ""},
        Scenario{"ScalesDownFromTheTop",
                 State().Replicas(1).Has(1, "new", "r").Has(2, "new", "r").Has(3, "new", "r"),
                 "delete web-3-new2 (scaled down)\ndelete web-2-new1 (scaled down)\n"},
        Scenario{"FillsTheGap", State().Has(1, "new", "r").Has(3, "new", "r").Vacant(2, "n7"),
                 "create slot 2 preferring n7\n"},
        Scenario{"WaitsForTheOneThatGoes",
                 State().Has(1, "new", "r").Has(2, "new", "d", "n7").Has(3, "new", "r"),
                 "remember slot 2 was on n7\n"},
        Scenario{"StoppedKeepsAll", State().Stopped().Has(1, "new", "r").Has(2, "new", "t"),
                 "stop web-1-new0\n"},
        Scenario{"StoppedMakesNoneAndReplacesNone", State().Stopped().Has(1, "old", "h"), ""},
        Scenario{"StoppedScalesDown",
                 State().Replicas(1).Stopped().Has(1, "new", "h").Has(2, "new", "h"),
                 "delete web-2-new1 (scaled down)\n"},
        Scenario{"WhatWasStoppedStarts", State().Replicas(2).Has(1, "new", "h").Has(2, "new", "h"),
                 "start web-1-new0\nstart web-2-new1\n"},
        Scenario{"WhatWasChangedMeanwhileIsMadeAnewAtOnce",
                 State().Replicas(2).Has(1, "old", "h").Has(2, "old", "h"),
                 "delete web-1-old0 (updated)\ndelete web-2-old1 (updated)\n"
                 "remember slot 1 was on n1\nremember slot 2 was on n1\n"},
        Scenario{"WhatWasStoppedWaitsForItsDependencies",
                 State().Replicas(1).Unstarted({"db to be Healthy"}).Has(1, "new", "h"),
                 "held back\n"},
        Scenario{"PausedReplacesNone",
                 State().Paused().Has(1, "new", "r").Has(2, "old", "r").Has(3, "old", ""),
                 "note paused\n"},
        Scenario{"PausedFillsGaps", State().Paused().Replicas(2).Has(1, "new", "r"),
                 "create slot 2\n"},
        Scenario{"PausedRecreateReplacesNone",
                 State().Recreate().Paused().Replicas(1).Has(1, "old", "r"), ""},
        Scenario{"RescheduledAvoidsItsNode",
                 State().Replicas(1).StartFirst().Rescheduled("t2").Has(1, "old", "r", "n4"),
                 "create slot 1 avoiding n4\n"},
        Scenario{"EndedOnesRunAgainWhenAsked",
                 State().Replicas(2).RenewEnded().Has(1, "new", "ce").Has(2, "new", "r"),
                 "delete web-1-new0 (ended, and is to run again)\nremember slot 1 was on n1\n"},
        Scenario{"ReplacesOneAtATime",
                 State().Has(1, "old", "r").Has(2, "old", "r", "n2").Has(3, "old", "r"),
                 "delete web-1-old0 (updated)\nremember slot 1 was on n1\n"},
        Scenario{"NextOnlyWhenTheLastServes",
                 State().Has(1, "new", "").Has(2, "old", "r").Has(3, "old", "r"), ""},
        Scenario{"GoesOnWhenItServes",
                 State().Has(1, "new", "r").Has(2, "old", "r", "n2").Has(3, "old", "r"),
                 "delete web-2-old1 (updated)\nremember slot 2 was on n2\n"},
        Scenario{"BrokenOnesFirst",
                 State().Has(1, "old", "r").Has(2, "old", "", "n2").Has(3, "old", "r"),
                 "delete web-2-old1 (updated)\nremember slot 2 was on n2\n"},
        Scenario{"TwoInFlight",
                 State().InFlight(2).Has(1, "old", "r").Has(2, "old", "r").Has(3, "old", "r"),
                 "delete web-1-old0 (updated)\ndelete web-2-old1 (updated)\n"
                 "remember slot 1 was on n1\nremember slot 2 was on n1\n"},
        Scenario{"KeepsTheLastReadyOne",
                 State().Replicas(2).InFlight(2).Has(1, "old", "r").Has(2, "old", "r"),
                 "delete web-1-old0 (updated)\nremember slot 1 was on n1\n"},
        Scenario{"OneReplicaStopsFirst", State().Replicas(1).Has(1, "old", "r"),
                 "delete web-1-old0 (updated)\nremember slot 1 was on n1\n"},
        Scenario{"StartFirstMakesBeside", State().Replicas(1).StartFirst().Has(1, "old", "r", "n4"),
                 "create slot 1 preferring n4\n"},
        Scenario{"StartFirstThenStops",
                 State().Replicas(1).StartFirst().Has(1, "old", "r").Has(1, "new", "r"),
                 "delete web-1-old0 (updated)\n"},
        Scenario{"StartFirstWaitsUntilReady",
                 State().Replicas(1).StartFirst().Has(1, "old", "r").Has(1, "new", ""), ""},
        Scenario{"SharedDataStopsFirst",
                 WithVolume(State().Replicas(1).StartFirst().Has(1, "old", "r")),
                 "delete web-1-old0 (updated)\nremember slot 1 was on n1\n"
                 "note the old container stops first: it shares a writable mount or a fixed host "
                 "port\n"},
        Scenario{"RecreateStopsAll",
                 State().Recreate().Has(1, "old", "r").Has(2, "old", "r").Has(3, "old", "r"),
                 "delete web-1-old0 (updated)\ndelete web-2-old1 (updated)\n"
                 "delete web-3-old2 (updated)\nremember slot 1 was on n1\n"
                 "remember slot 2 was on n1\nremember slot 3 was on n1\n"},
        Scenario{"RecreateWaitsForTheLast",
                 State().Recreate().Replicas(2).Has(2, "old", "d").Vacant(1, "n1"),
                 "remember slot 1 was on n1\nremember slot 2 was on n1\n"},
        Scenario{"RecreateThenMakesAll",
                 State().Recreate().Replicas(2).Vacant(1, "n1").Vacant(2, "n2"),
                 "create slot 1 preferring n1\ncreate slot 2 preferring n2\n"},
        Scenario{"HeldBack", State().Unstarted({"db to be Healthy"}), "held back\n"},
        Scenario{"NotHeldBackOnceItRan",
                 State().Unstarted({"db to be Healthy"}).Has(1, "new", "r").Has(2, "new", "r"),
                 "create slot 3\n"},
        Scenario{"NodeGone", State().Replicas(1).Has(1, "new", "g", "lost"),
                 "delete web-1-new0 (its node is gone)\ncreate slot 1\n"},
        Scenario{"SilentNodeHoldsNoDeletedOne", State().Replicas(1).Has(1, "new", "ds", "lost"),
                 "create slot 1\n"},
        Scenario{"SilentNodeHoldsData", WithVolume(State().Replicas(1).Has(1, "new", "ds", "lost")),
                 "remember slot 1 was on lost\n"},
        Scenario{"DropsADuplicate", State().Replicas(1).Has(1, "new", "").Has(1, "new", "r"),
                 "delete web-1-new0 (a duplicate)\n"},
        Scenario{"CompletedIsDone", State().Replicas(1).Has(1, "new", "c"), ""},
        Scenario{
            "GlobalOnePerNode",
            State().Global({{"n1", true}, {"n2", true}, {"n3", false}}).Has(1, "new", "r", "n1"),
            "create slot 2 on n2\n"},
        Scenario{"GlobalKeepsOnCordonedNode",
                 State().Global({{"n1", false}}).Has(1, "new", "r", "n1"), ""},
        Scenario{"GlobalLeavesOtherClusters",
                 State().Global({{"n1", true}}).Has(1, "new", "r", "n1").Has(2, "new", "r", "n2"),
                 "delete web-2-new1 (its node left)\n"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(PlanTest, DoingAStepTwiceMakesTheSameName) {
  const State state = State().Replicas(2).Has(1, "new", "r").Vacant(2, "n1");
  const Plan once = state.MakePlan(), again = state.MakePlan();
  ASSERT_EQ(once.creates.size(), 1u);
  EXPECT_EQ(once.creates[0].name, again.creates[0].name);
}

TEST(PlanTest, ASuccessorHasAnotherName) {
  const Plan first = State().Replicas(1).MakePlan();
  const Plan second = State().Replicas(1).Vacant(1, "n1").MakePlan();
  ASSERT_EQ(first.creates.size(), 1u);
  ASSERT_EQ(second.creates.size(), 1u);
  EXPECT_NE(first.creates[0].name, second.creates[0].name);
}

TEST(PlanTest, CountsAndSettles) {
  const Counts c = State()
                       .Has(1, "new", "r")
                       .Has(2, "old", "r")
                       .Has(3, "new", "")
                       .Has(3, "old", "d")
                       .MakePlan()
                       .counts;
  EXPECT_EQ(c.wanted, 3);
  EXPECT_EQ(c.replicas, 3);
  EXPECT_EQ(c.ready, 2);
  EXPECT_EQ(c.updated, 2);
  EXPECT_EQ(c.outdated, 1);
  EXPECT_EQ(c.settled, 1);
}

// A little world in which plans are carried out, things become ready, break and are removed by
// hand.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {
    in_.service = "web";
    in_.uid = "uid";
    in_.revision = "r0";
    in_.spec.replicas = Pick(1, 5);
    in_.spec.max_in_flight = Pick(1, 3);
    if (Pick(0, 1)) in_.spec.order = "StartFirst";
    if (Pick(0, 3) == 0) in_.spec.tmpl.mounts.push_back({"volume", "data", "/d", false, false});
  }

  void Disturb() {
    switch (Pick(0, 7)) {
      case 0: in_.spec.replicas = Pick(0, 5); break;
      case 1: in_.revision = "r" + std::to_string(++revision_); break;
      case 2:
        if (Instance* i = Any()) i->deleting = true, i->ready = false;
        break;
      case 3:
        if (Instance* i = Any()) i->ready = false;
        break;
      default: break;
    }
  }

  void Step() {
    const int ready_before = Ready();
    const int excess_ready = ReadyExcess();
    const Plan plan = MakePlan(in_);
    CheckSteps(plan, ready_before - excess_ready);
    for (const Delete& d : plan.deletes) {
      for (Instance& i : in_.instances) {
        if (i.uid == d.uid) i.deleting = true, i.ready = false;
      }
    }
    for (const Create& c : plan.creates) {
      Instance i;
      i.name = c.name;
      i.uid = "u" + std::to_string(++made_);
      i.slot = c.slot;
      i.revision = in_.revision;
      i.node = "n1";
      in_.instances.push_back(i);
    }
    in_.vacancies = plan.vacancies;
    in_.started = plan.started;
    // Hosts: some containers become ready, some removals finish.
    for (Instance& i : in_.instances) {
      if (!i.deleting && Pick(0, 1)) i.ready = true;
    }
    std::erase_if(in_.instances, [&](const Instance& i) { return i.deleting && Pick(0, 1); });
  }

  bool Converged() const {
    if (static_cast<int>(in_.instances.size()) != in_.spec.replicas) return false;
    std::set<int> slots;
    for (const Instance& i : in_.instances) {
      if (i.revision != in_.revision || !i.ready || i.deleting) return false;
      slots.insert(i.slot);
    }
    return slots.empty() || (*slots.begin() == 1 && *slots.rbegin() == in_.spec.replicas);
  }

 private:
  int Pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  Instance* Any() {
    if (in_.instances.empty()) return nullptr;
    return &in_.instances[static_cast<size_t>(Pick(0, static_cast<int>(in_.instances.size()) - 1))];
  }
  int Ready() const {
    int n = 0;
    for (const Instance& i : in_.instances) n += i.ready && !i.deleting ? 1 : 0;
    return n;
  }
  int ReadyExcess() const {
    int n = 0;
    for (const Instance& i : in_.instances)
      n += i.ready && !i.deleting && i.slot > in_.spec.replicas ? 1 : 0;
    return n;
  }

  void CheckSteps(const Plan& plan, int ready_wanted) const {
    std::set<std::string> names, deleted;
    for (const Instance& i : in_.instances) names.insert(i.name);
    int stopped_ready = 0;
    for (const Delete& d : plan.deletes) {
      EXPECT_TRUE(deleted.insert(d.uid).second) << "deletes twice";
      for (const Instance& i : in_.instances) {
        if (i.uid == d.uid && i.ready && i.slot <= in_.spec.replicas) ++stopped_ready;
      }
    }
    if (in_.spec.replicas >= 2 && ready_wanted > 0) {
      EXPECT_LT(stopped_ready, ready_wanted) << "stops the last ready one\n" << Describe(plan);
    }
    const bool shared = !in_.spec.tmpl.mounts.empty() || in_.spec.order != "StartFirst";
    for (const Create& c : plan.creates) {
      EXPECT_TRUE(names.insert(c.name).second) << "name taken: " << c.name;
      EXPECT_GE(c.slot, 1);
      EXPECT_LE(c.slot, in_.spec.replicas);
      for (const Instance& i : in_.instances) {
        if (i.slot != c.slot) continue;
        EXPECT_FALSE(!i.deleting && i.revision == in_.revision) << "a second one in a slot";
        EXPECT_FALSE(shared) << "made beside its predecessor";
      }
    }
  }

  std::mt19937 random_;
  PlanInput in_;
  int revision_ = 0;
  int made_ = 0;
};

TEST(PlanProperties, SafeAtEveryStepAndConvergent) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    for (int i = 0; i < 60; ++i) {
      world.Disturb();
      world.Step();
    }
    int steps = 0;
    while (!world.Converged() && steps < 300) {
      world.Step();
      ++steps;
    }
    EXPECT_TRUE(world.Converged());
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace gantry::service
