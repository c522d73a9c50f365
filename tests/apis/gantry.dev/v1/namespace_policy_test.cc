#include "apis/gantry.dev/v1/namespace_policy.h"

#include <gtest/gtest.h>

namespace gantry::v1 {
namespace {

std::vector<std::string> Fields(NamespacePolicy policy, const char* json) {
  std::vector<std::string> out;
  auto parsed = ParseJson(json);
  EXPECT_TRUE(parsed.ok()) << json;
  for (const PolicyFault& fault : CheckPolicy(policy, ContainerTemplate::From(*parsed)))
    out.push_back(fault.field);
  return out;
}

std::vector<std::string> FieldsOfBind(NamespacePolicy policy, const std::string& source) {
  const std::string json =
      R"({"image": "a", "mounts": [{"type": "bind", "target": "/t", "source": ")" + source +
      R"("}]})";
  return Fields(policy, json.c_str());
}

using Names = std::vector<std::string>;

TEST(NamespacePolicy, Words) {
  EXPECT_EQ(ParseNamespacePolicy(""), NamespacePolicy::kRestricted);
  EXPECT_EQ(ParseNamespacePolicy("Restricted"), NamespacePolicy::kRestricted);
  EXPECT_EQ(ParseNamespacePolicy("Baseline"), NamespacePolicy::kBaseline);
  EXPECT_EQ(ParseNamespacePolicy("Privileged"), NamespacePolicy::kPrivileged);
  EXPECT_FALSE(ParseNamespacePolicy("privileged"));
}

TEST(NamespacePolicy, NamesEveryFieldThatGivesPower) {
  const std::pair<const char*, Names> cases[] = {
      {R"({"image": "a", "user": "0", "security": {"capAdd": ["CHOWN"], "capDrop": ["ALL"],
           "options": ["no-new-privileges", "apparmor=web"]}, "network": {"mode": "none"},
           "ipc": "private", "cgroup": "private", "runtime": "runsc",
           "deviceRequests": [{"count": -1, "capabilities": ["gpu"]}]})",
       {}},
      {R"({"security": {"options": ["apparmor=unconfined", "seccomp=unconfined", "label=disable",
           "systempaths=unconfined"]}})",
       {"security.options[0]", "security.options[1]", "security.options[2]",
        "security.options[3]"}},
      {R"({"uts": "host", "userns": "host", "cgroup": "host", "cgroupParent": "/a",
           "deviceCgroupRules": ["c 1:3 r"]})",
       {"deviceCgroupRules", "uts", "userns", "cgroup", "cgroupParent"}},
      {R"({"mounts": [{"type": "volume", "source": "/etc", "target": "/a"},
                      {"type": "tmpfs", "target": "/b"}]})",
       {}},
      {R"({"security": {"privileged": true}})", {"security.privileged"}},
      {R"({"security": {"capAdd": ["CHOWN", "SYS_ADMIN", "ALL"]}})",
       {"security.capAdd[1]", "security.capAdd[2]"}},
      {R"({"devices": [{"hostPath": "/dev/a"}], "pid": "host", "ipc": "host",
           "network": {"mode": "host"}, "oomKillDisable": true})",
       {"devices", "network.mode", "pid", "ipc", "oomKillDisable"}},
      {R"({"tuning": {"oomScoreAdjustment": -1}})", {"tuning.oomScoreAdjustment"}},
      {R"({"tuning": {"oomScoreAdjustment": 1}})", {}},
  };
  for (const auto& [json, want] : cases) {
    EXPECT_EQ(Fields(NamespacePolicy::kRestricted, json), want) << json;
    EXPECT_EQ(Fields(NamespacePolicy::kBaseline, json), want) << json;
    EXPECT_EQ(Fields(NamespacePolicy::kPrivileged, json), Names{}) << json;
  }
}

TEST(NamespacePolicy, PathsOfTheHost) {
  const Names fault = {"mounts[0].source"};
  struct Case {
    const char* source;
    bool baseline;
    bool privileged;
  };
  const Case cases[] = {
      {"/srv", true, true},
      {"/data/a", true, true},
      {"/varnish", true, true},
      {"/etcetera", true, true},
      {"/etc", false, true},
      {"//etc/./ssl/", false, true},
      {"/srv/../etc/passwd", false, true},
      {"/../../root", false, true},
      {"/var/lib/docker/volumes", false, true},
      {"/", false, false},
      {"/srv/..", false, false},
      {"/var", false, false},
      {"/run", false, false},
      {"/var/run/docker.sock", false, false},
      {"/var/run/../run/docker.sock", false, false},
      {"/run//docker.sock/", false, false},
      {"/run/containerd/containerd.sock", false, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(FieldsOfBind(NamespacePolicy::kRestricted, c.source), fault) << c.source;
    EXPECT_EQ(FieldsOfBind(NamespacePolicy::kBaseline, c.source), c.baseline ? Names{} : fault)
        << c.source;
    EXPECT_EQ(FieldsOfBind(NamespacePolicy::kPrivileged, c.source), c.privileged ? Names{} : fault)
        << c.source;
  }
}

}  // namespace
}  // namespace gantry::v1
