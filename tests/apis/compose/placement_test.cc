#include "apis/gantry.dev/v1/placement.h"

#include <gtest/gtest.h>

#include "apis/compose/compose.h"
#include "tests/apis/compose/texts.h"

// Rules of placement, in the styles of Swarm and of `deploy.placement`.
namespace gantry::compose {
namespace {

Output ConvertWeb(const std::string& keys, std::vector<std::string> profiles = {}) {
  Input input;
  input.application = "shop";
  input.text = "services: {web: {image: nginx, " + keys + "}}";
  input.profiles = std::move(profiles);
  return Convert(input);
}

TEST(Placement, RulesBecomeTheSpec) {
  struct Case {
    const char* keys;
    const char* placement;
  };
  const Case cases[] = {
      {R"(environment: ["constraint:group==1"])",
       R"({"constraints":[{"key":"node.labels.group","mode":"Required","operator":"==","pattern":"1"}]})"},
      {R"x(environment: {"constraint:group": "=~(a|b*)"})x",
       R"x({"constraints":[{"key":"node.labels.group","mode":"Preferred","operator":"==","pattern":"(a|b*)"}]})x"},
      {R"(environment: {"constraint:group!=/^x/": ""})",
       R"({"constraints":[{"key":"node.labels.group","mode":"Required","operator":"!=","pattern":"/^x/"}]})"},
      {R"(environment: ["constraint:node==host-1", "constraint:aliyun.node_index==1"])",
       R"({"constraints":[{"key":"node.hostname","mode":"Required","operator":"==","pattern":"host-1"},{"key":"node.labels.aliyun.node_index","mode":"Required","operator":"==","pattern":"1"}]})"},
      {R"(environment: ["affinity:service!=web"])", R"({"maxReplicasPerNode":1})"},
      {R"(environment: ["affinity:service==~db"])",
       R"({"affinity":[{"mode":"Preferred","operator":"==","pattern":"db","to":"Service"}]})"},
      {R"(scale: 3, environment: ["availability:az==3"])",
       R"({"spread":[{"min":3,"mode":"Required","topologyKey":"node.labels.topology.gantry.dev/zone"}]})"},
      {R"(environment: ["reschedule:off"])", R"({"rescheduleOnNodeFailure":false})"},
      {R"(labels: {com.docker.swarm.constraints: '["zone!=b"]'})",
       R"({"constraints":[{"key":"node.labels.zone","mode":"Required","operator":"!=","pattern":"b"}]})"},
      {R"(deploy: {placement: {constraints: ["node.labels.disk == ssd", "engine.labels.a!=b"], max_replicas_per_node: 2}})",
       R"({"constraints":[{"key":"node.labels.disk","mode":"Required","operator":"==","pattern":"ssd"},{"key":"node.labels.a","mode":"Required","operator":"!=","pattern":"b"}],"maxReplicasPerNode":2})"},
      {R"(deploy: {placement: {preferences: [{spread: node.labels.rack}]}})",
       R"({"spread":[{"min":0,"mode":"Preferred","topologyKey":"node.labels.rack"}]})"},
  };
  for (const Case& c : cases) {
    const Output out = ConvertWeb(c.keys);
    ASSERT_TRUE(out.errors.empty()) << c.keys << out.errors[0].ToString();
    const v1::ServiceSpec& spec = out.services.at(0).spec;
    EXPECT_EQ(DumpJson(spec.placement.ToJson()), c.placement) << c.keys;
    EXPECT_TRUE(spec.tmpl.env.empty()) << c.keys;
    EXPECT_EQ(v1::Placement::From(spec.placement.ToJson()).ToJson(), spec.placement.ToJson());
  }
}

TEST(Placement, FaultsAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {R"(environment: ["constraint:group=1"])", "environment[constraint:group]"},
      {R"(environment: ["constraint:group==/(/"])", "is no regular expression"},
      {R"(environment: ["availability:az==many"])", "must be availability:az=="},
      {R"(environment: ["availability:az==2"])", "1 replicas cannot be in 2 zones"},
      {R"(environment: ["reschedule:sometimes"])", "must be on-node-failure or off"},
      {R"(labels: {com.docker.swarm.affinities: container})", "must be a list of texts"},
      {R"(deploy: {placement: {constraints: [disk==ssd]}})", "must be node.id, node.hostname"},
      {R"(deploy: {placement: {constraints: [node.role==boss]}})", "a role is worker or manager"},
      {R"(deploy: {placement: {preferences: [{spread: rack}]}})", "must be node.labels.<name>"},
      {R"(deploy: {placement: {zones: 2}})", "is not a key of placement"},
  };
  for (const auto& [keys, error] : cases) {
    const Output out = ConvertWeb(keys);
    ASSERT_EQ(out.errors.size(), 1u) << keys;
    EXPECT_NE(out.errors[0].ToString().find(error), std::string::npos) << out.errors[0].ToString();
  }
}

TEST(Placement, WhatNothingActsOnIsNamedBySubject) {
  const Output out = ConvertWeb(
      R"(environment: ["affinity:image==redis"], labels: {gantry.routing.port_80: shop, aliyun.auto_scaling.step: "2"})");
  std::vector<std::string> subjects;
  for (const auto& [subject, places] : out.not_acted_on) {
    EXPECT_EQ(places.size(), 1u);
    subjects.push_back(subject);
    const auto& known = NotActedOnSubjects();
    EXPECT_NE(std::find(known.begin(), known.end(), subject), known.end()) << subject;
  }
  EXPECT_EQ(subjects, (std::vector<std::string>{"Placement", "Routing", "Scaling"}));
}

TEST(Placement, Patterns) {
  const struct {
    const char* pattern;
    const char* text;
    bool matches;
  } cases[] = {
      {"a", "a", true},      {"a", "ab", false},
      {"a*", "ab", true},    {"*b", "ab", true},
      {"a*c", "abbc", true}, {"a*c", "abb", false},
      {"?b", "ab", true},    {"(a|b*)", "bc", true},
      {"(a|b)", "c", false}, {"/^h.+1$/", "host-1", true},
      {"/o/", "host", true}, {"/(/", "(", false},
      {"*", "", true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(v1::MatchesPattern(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
}

TEST(Profiles, LeaveServicesOut) {
  const char text[] =
      "services:\n"
      "  web: {image: nginx, depends_on: {debug: {condition: service_started, required: false}}}\n"
      "  debug: {image: busybox, profiles: [dev, test]}\n";
  Input input;
  input.application = "shop";
  input.text = text;
  EXPECT_EQ(Convert(input).services.size(), 1u);
  for (const char* active : {"dev", "test", "*"}) {
    input.profiles = {active};
    const Output out = Convert(input);
    ASSERT_EQ(out.services.size(), 2u) << active;
    EXPECT_EQ(out.services[1].spec.depends_on.size(), 1u);
  }
  input.profiles = {"other"};
  EXPECT_EQ(Convert(input).services.size(), 1u);

  input.text =
      "services:\n  web: {image: nginx, depends_on: [debug]}\n"
      "  debug: {image: busybox, profiles: [dev]}\n";
  const Output needs = Convert(input);
  ASSERT_EQ(needs.errors.size(), 1u);
  EXPECT_EQ(
      WithoutPosition(needs.errors[0].ToString()),
      "spec.compose: services.web.depends_on[0]: Invalid value: \"debug\": is not active; name "
      "one of its profiles (dev) in spec.profiles, or write `required: false`");

  const Output none = ConvertWeb("profiles: [dev]");
  ASSERT_EQ(none.errors.size(), 1u);
  EXPECT_NE(none.errors[0].detail.find("no service is active"), std::string::npos);
  EXPECT_EQ(ConvertWeb("profiles: ['a b']").errors.size(), 1u);
}

}  // namespace
}  // namespace gantry::compose
