#include "apis/gantry.dev/v1/namespace_policy.h"

#include <gtest/gtest.h>

namespace gantry::v1 {
namespace {

NamespaceRules RulesOf(NamespacePolicy policy) {
  NamespaceRules rules;
  rules.policy = policy;
  return rules;
}

std::vector<std::string> Fields(NamespacePolicy policy, const char* json) {
  std::vector<std::string> out;
  auto parsed = ParseJson(json);
  EXPECT_TRUE(parsed.ok()) << json;
  for (const PolicyFault& fault : CheckPolicy(RulesOf(policy), ContainerTemplate::From(*parsed)))
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

Object MakeNamespace(const char* policy, const char* paths, const char* registries = "",
                     const char* images = "") {
  Object ns({"", "v1", "Namespace"}, {"", "team"});
  ns.set_label(kLabelPolicy, policy);
  ns.set_annotation(kAnnotationBindPaths, paths);
  ns.set_annotation(kAnnotationRegistries, registries);
  ns.set_annotation(kAnnotationImages, images);
  return ns;
}

// What is Gantry's own, and the engine's, by every spelling.
TEST(NamespacePolicy, ProtectedPaths) {
  struct Case {
    const char* policy;
    const char* allowed;  // the annotation
    const char* source;
    bool ok;
  };
  const Case cases[] = {
      {"Privileged", "", "/opt/gantry/data", false},
      {"Privileged", "", "/opt/gantry/data/store", false},
      {"Privileged", "", "/opt//gantry/./data/", false},
      {"Privileged", "", "/opt/x/../gantry/data/ca.key", false},
      {"Privileged", "", "/opt/gantry", false},
      {"Privileged", "", "/opt", false},
      {"Privileged", "", "/", false},
      {"Privileged", "", "/opt/gantry/database", true},
      {"Privileged", "", "/opt/gantry2", true},
      {"Privileged", "", "/run/user/1000/docker.sock", false},
      {"Privileged", "", "/srv/engine/docker.sock", false},
      {"Privileged", "", "/run/docker/containerd/containerd.sock", false},
      {"Privileged", "", "/var//run/./docker.sock", false},
      {"Privileged", "", "/var/run/../run/docker.sock", false},
      {"Privileged", "", "/var/./run", false},
      {"Privileged", "", "/proc/1/root/srv", false},
      {"Privileged", "", "/proc/self/cwd", false},
      // What is above names nothing.
      {"Privileged", "/", "/var/run/docker.sock", false},
      {"Privileged", "/", "/opt/gantry/data", false},
      {"Privileged", "/run", "/run", false},
      {"Privileged", "/opt", "/opt", false},
      // By name.
      {"Restricted", "/var/run/docker.sock", "/run/docker.sock", true},
      {"Restricted", "/var/run/docker.sock", "/run/containerd", false},
      {"Restricted", "/opt/gantry/data/audit", "/opt/gantry/data/audit", true},
      {"Restricted", "/opt/gantry/data/audit", "/opt/gantry/data", false},
      // Usual paths.
      {"Restricted", "/srv/shop, /mnt/nfs", "/mnt/nfs/a", true},
      {"Restricted", "/srv/shop, /mnt/nfs", "/srv/shop/../other", false},
      {"Restricted", "/srv/shop, /mnt/nfs", "/srv/shopping", false},
      {"Restricted", "/srv/shop, /mnt/nfs", "/srv", false},
      {"Baseline", "/etc/ssl/certs", "/etc/ssl/certs", true},
      {"Baseline", "/etc/ssl/certs", "/etc/ssl", false},
      {"Baseline", "/etc/ssl/certs", "/srv", true},
  };
  for (const Case& c : cases) {
    NamespaceRules rules = NamespaceRules::From(MakeNamespace(c.policy, c.allowed));
    rules.protected_paths = {"/opt/gantry/data"};
    const std::string fault = BindFault(rules, c.source);
    EXPECT_EQ(fault.empty(), c.ok) << c.policy << " [" << c.allowed << "] " << c.source << fault;
    if (c.ok) continue;
    EXPECT_NE(fault.find(c.source), std::string::npos) << fault;
    EXPECT_NE(fault.find(kAnnotationBindPaths), std::string::npos) << fault;
  }
}

TEST(NamespacePolicy, Images) {
  struct Case {
    const char* registries;
    const char* images;
    const char* image;
    bool ok;
  };
  const Case cases[] = {
      {"", "", "anything/at:all", true},
      {"docker.io", "", "nginx:1.27", true},
      {"docker.io", "", "index.docker.io/library/nginx", true},
      {"docker.io", "", "registry.example.com/nginx", false},
      {"registry.example.com:5000", "", "registry.example.com:5000/a/b:1", true},
      {"registry.example.com:5000", "", "registry.example.com/a/b:1", false},
      {"*.example.com", "", "eu.example.com/a", true},
      {"*.example.com", "", "example.com.evil.net/a", false},
      {"registry.example.com", "nginx", "nginx", true},
      {"registry.example.com", "nginx", "nginx@sha256:abc", true},
      {"registry.example.com", "nginx", "evil/nginx", false},
      {"", "example/*", "example/web:2", true},
      {"", "example/*", "docker.io/example/web", true},
      {"", "example/*", "examples/web", false},
      {"", "example/web:2*", "example/web:2.1", true},
      {"", "example/web:2*", "example/web:3", false},
      {"", "localhost:5000/*", "localhost:5000/a", true},
      {"", "*", "any.where/a", true},
      {"", "*", "sha256:0123", true},
      // Engines take it for the host EVIL.
      {"docker.io", "", "EVIL/nginx", false},
      // An image that is on the host, whosever it is.
      {"docker.io", "", "sha256:0123", false},
      {"docker.io", "", "3f1c5a0b9d2e", false},
      {"docker.io", "", "cafe", false},
      {"docker.io", "", "cafe:latest", true},
  };
  for (const Case& c : cases) {
    const NamespaceRules rules =
        NamespaceRules::From(MakeNamespace("Privileged", "", c.registries, c.images));
    ContainerTemplate tmpl;
    tmpl.image = c.image;
    const std::vector<PolicyFault> faults = CheckPolicy(rules, tmpl);
    ASSERT_EQ(faults.empty(), c.ok) << c.registries << " | " << c.images << " | " << c.image;
    if (c.ok) continue;
    EXPECT_EQ(faults[0].field, "image");
    EXPECT_NE(faults[0].detail.find(c.image), std::string::npos) << faults[0].detail;
    EXPECT_NE(faults[0].detail.find(*c.images ? c.images : c.registries), std::string::npos)
        << faults[0].detail;
  }
}

TEST(NamespacePolicy, AnnotationsThatCannotBeMeant) {
  EXPECT_TRUE(CheckNamespaceRules(MakeNamespace("", "/srv, /mnt/a", "docker.io", "a/*")).empty());
  const FieldErrors errors =
      CheckNamespaceRules(MakeNamespace("Strict", "srv, /srv/../etc, /a/..", "docker.io/library"));
  std::vector<std::string> fields;
  for (const FieldError& error : errors) fields.push_back(error.field);
  EXPECT_EQ(fields, (Names{"metadata.labels[gantry.dev/policy]",
                           "metadata.annotations[gantry.dev/allowed-bind-paths]",
                           "metadata.annotations[gantry.dev/allowed-bind-paths]",
                           "metadata.annotations[gantry.dev/allowed-bind-paths]",
                           "metadata.annotations[gantry.dev/allowed-registries]"}));
}

}  // namespace
}  // namespace gantry::v1
