#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "apiserver/rbac/policy.h"

// Decisions of the authorizer, which every request needs.
namespace gantry::apiserver::rbac {
namespace {

// 10,000 bindings of 100 roles to 2,000 users and 50 groups in 500 namespaces.
void Fill(Policy* policy) {
  const Rule reads = {{"get", "list", "watch"}, {"gantry.dev"}, {"services", "nodes"}, {}, {}};
  for (int i = 0; i < 100; ++i) policy->PutRole({"", fmt::format("role-{}", i)}, {{reads}, {}, {}});
  for (int i = 0; i < 10000; ++i) {
    policy->PutBinding({fmt::format("ns-{}", i % 500), fmt::format("b-{}", i)},
                       {"", fmt::format("role-{}", i % 100)},
                       {{Subject::Kind::kUser, fmt::format("user-{}", i % 2000), ""},
                        {Subject::Kind::kGroup, fmt::format("team-{}", i % 50), ""}});
  }
}

void Decide(benchmark::State& state, const char* verb, bool allowed) {
  Policy policy;
  Fill(&policy);
  const User user{"user-7", "", {"team-3", "system:authenticated"}, {}};
  RequestInfo info;
  info.is_resource = true;
  info.verb = verb;
  info.group = "gantry.dev";
  info.resource = "nodes";
  info.ns = "ns-7";
  const std::string path;
  for (auto _ : state) {
    if (policy.Allowed({user, info, path}) != allowed) state.SkipWithError("wrong decision");
  }
}

void BM_DecisionAllowed(benchmark::State& state) { Decide(state, "list", true); }
BENCHMARK(BM_DecisionAllowed);

void BM_DecisionDenied(benchmark::State& state) { Decide(state, "delete", false); }
BENCHMARK(BM_DecisionDenied);

}  // namespace
}  // namespace gantry::apiserver::rbac
