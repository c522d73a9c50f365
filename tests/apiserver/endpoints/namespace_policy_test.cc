#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// What a namespace allows its containers to have of the hosts.
namespace gantry::testing {
namespace {

const HeaderList kPolicyPatch = {{"Content-Type", "application/merge-patch+json"}};

class NamespacePolicies : public ConfigMapFixture {
 protected:
  int PostNamespace(const std::string& name, const std::string& policy) {
    return raw_
        .Do("POST", "/api/v1/namespaces",
            R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + name +
                R"(","labels":{"gantry.dev/policy":")" + policy + R"("}}})")
        .status;
  }
  RawAnswer PostService(const std::string& ns, const std::string& name, const std::string& tmpl) {
    return raw_.Do("POST", "/apis/gantry.dev/v1/namespaces/" + ns + "/services",
                   R"({"apiVersion":"gantry.dev/v1","kind":"Service","metadata":{"name":")" + name +
                       R"("},"spec":{"template":{"image":"a",)" + tmpl + "}}}");
  }
};

TEST_F(NamespacePolicies, ServicesAndApplications) {
  EXPECT_EQ(PostNamespace("odd", "privileged"), 422);
  ASSERT_EQ(PostNamespace("strong", "Privileged"), 201);

  constexpr char kPrivileged[] = R"("security":{"privileged":true})";
  const RawAnswer refused = PostService("default", "a", kPrivileged);
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.text.find("spec.template.security.privileged"), std::string::npos)
      << refused.text;
  EXPECT_EQ(PostService("strong", "a", kPrivileged).status, 201);
  EXPECT_EQ(PostService("default", "b", R"("user":"1")").status, 201);
  EXPECT_EQ(raw_.Do("PATCH", "/apis/gantry.dev/v1/namespaces/default/services/b",
                    R"({"spec":{"template":{"pid":"host"}}})", kPolicyPatch)
                .status,
            422);

  const std::string app =
      R"({"apiVersion":"gantry.dev/v1","kind":"Application","metadata":{"name":"x"},"spec":{
      "version":"1","compose":"services: {web: {image: a, network_mode: host}}"}})";
  const RawAnswer named =
      raw_.Do("POST", "/apis/gantry.dev/v1/namespaces/default/applications", app);
  EXPECT_EQ(named.status, 422);
  EXPECT_NE(named.text.find("services.web.network_mode"), std::string::npos) << named.text;
  EXPECT_EQ(raw_.Do("POST", "/apis/gantry.dev/v1/namespaces/strong/applications", app).status, 201);

  // What is there stays usable when the policy becomes stricter.
  EXPECT_EQ(raw_.Do("PATCH", "/api/v1/namespaces/strong",
                    R"({"metadata":{"labels":{"gantry.dev/policy":null}}})", kPolicyPatch)
                .status,
            200);
  EXPECT_EQ(PostService("strong", "b", kPrivileged).status, 422);
  EXPECT_EQ(raw_.Do("PATCH", "/apis/gantry.dev/v1/namespaces/strong/services/a",
                    R"({"spec":{"replicas":2}})", kPolicyPatch)
                .status,
            200);
}

// A ServiceAccount with all rights of an editor, as a GitOps tool has, is refused each dangerous
// field by its name, in every kind that leads to containers; and it cannot loosen the rules.
TEST_F(NamespacePolicies, AnEditorIsRefusedByName) {
  constexpr char kUser[] = "system:serviceaccount:team:deployer";
  ASSERT_EQ(PostNamespace("team", "Restricted"), 201);
  ASSERT_EQ(raw_.Do("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/team/rolebindings",
                    R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
                        "metadata":{"name":"edit"},
                        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole",
                                   "name":"edit"},
                        "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User",
                                     "name":"system:serviceaccount:team:deployer"}]})")
                .status,
            201);
  const RawClient editor(&env_, {kUser, "", {"system:authenticated"}, {}});

  struct Case {
    const char* tmpl;     // of a Service and a Container
    const char* field;    // and what of it is refused
    const char* compose;  // of an Application's service
    const char* key;
  };
  const Case cases[] = {
      {R"("security":{"privileged":true})", "security.privileged", "privileged: true",
       "privileged"},
      {R"("security":{"capAdd":["SYS_ADMIN"]})", "security.capAdd[0]", "cap_add: [SYS_ADMIN]",
       "cap_add"},
      {R"("security":{"options":["seccomp=unconfined"]})", "security.options[0]",
       "security_opt: ['seccomp:unconfined']", "security_opt"},
      {R"("devices":[{"hostPath":"/dev/sda"}])", "devices", "devices: [/dev/sda]", "devices"},
      {R"("deviceCgroupRules":["c 1:3 rwm"])", "deviceCgroupRules",
       "device_cgroup_rules: ['c 1:3 rwm']", "device_cgroup_rules"},
      {R"("network":{"mode":"host"})", "network.mode", "network_mode: host", "network_mode"},
      {R"("pid":"host")", "pid", "pid: host", "pid"},
      {R"("ipc":"host")", "ipc", "ipc: host", "ipc"},
      {R"("uts":"host")", "uts", "uts: host", "uts"},
      {R"("userns":"host")", "userns", "userns_mode: host", "userns_mode"},
      {R"("cgroup":"host")", "cgroup", "cgroup: host", "cgroup"},
      {R"("cgroupParent":"/batch")", "cgroupParent", "cgroup_parent: /batch", "cgroup_parent"},
      {R"("oomKillDisable":true)", "oomKillDisable", "oom_kill_disable: true", "oom_kill_disable"},
      {R"("tuning":{"oomScoreAdjustment":-500})", "tuning.oomScoreAdjustment",
       "oom_score_adj: -500", "oom_score_adj"},
      {R"("mounts":[{"type":"bind","source":"/srv","target":"/s"}])", "mounts[0].source",
       "volumes: ['/srv:/s']", "volumes"},
      {R"("mounts":[{"type":"bind","source":"/srv/../var//run/docker.sock","target":"/s"}])",
       "mounts[0].source", "volumes: ['/srv/../run/docker.sock:/s']", "volumes"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.field);
    const std::string spec = std::string(R"("spec":{"template":{"image":"a",)") + c.tmpl + "}}}";
    for (const auto& [kind, plural] : {std::pair<std::string, std::string>{"Service", "services"},
                                       {"Container", "containers"}}) {
      const RawAnswer refused = editor.Do("POST", "/apis/gantry.dev/v1/namespaces/team/" + plural,
                                          R"({"apiVersion":"gantry.dev/v1","kind":")" + kind +
                                              R"(","metadata":{"name":"a"},)" + spec);
      EXPECT_EQ(refused.status, 422) << refused.text;
      EXPECT_NE(refused.text.find("spec.template." + std::string(c.field) + ": Forbidden"),
                std::string::npos)
          << refused.text;
    }
    const std::string app = std::string("services: {web: {image: a, ") + c.compose + "}}";
    const RawAnswer refused = editor.Do(
        "POST", "/apis/gantry.dev/v1/namespaces/team/applications",
        R"({"apiVersion":"gantry.dev/v1","kind":"Application","metadata":{"name":"a"},"spec":{
            "version":"1","compose":")" +
            app + R"("}})");
    EXPECT_EQ(refused.status, 422) << refused.text;
    EXPECT_NE(refused.text.find("services.web." + std::string(c.key)), std::string::npos)
        << refused.text;
  }
  EXPECT_EQ(editor
                .Do("PATCH", "/api/v1/namespaces/team",
                    R"({"metadata":{"labels":{"gantry.dev/policy":"Privileged"}}})", kPolicyPatch)
                .status,
            403);
  for (const char* part : {"status", "finalize"}) {
    EXPECT_EQ(editor
                  .Do("PUT", std::string("/api/v1/namespaces/team/") + part,
                      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team",
                          "labels":{"gantry.dev/policy":"Privileged"}}})")
                  .status,
              403);
  }
}

// Options of a volume's driver can mount anything; they are no way around.
TEST_F(NamespacePolicies, NoOptionsOfDrivers) {
  ASSERT_EQ(PostNamespace("strong", "Privileged"), 201);
  const RawAnswer app =
      raw_.Do("POST", "/apis/gantry.dev/v1/namespaces/strong/applications",
              R"({"apiVersion":"gantry.dev/v1","kind":"Application","metadata":{"name":"x"},"spec":{
      "version":"1","compose":"services: {web: {image: a, volumes: ['d:/d']}}\nvolumes: {d: {driver_opts: {type: none, o: bind, device: /run}}}"}})");
  EXPECT_EQ(app.status, 422);
  EXPECT_NE(app.text.find("volumes.d.driver_opts"), std::string::npos) << app.text;
}

TEST_F(NamespacePolicies, AllowedPathsAndImages) {
  const auto annotate = [&](const std::string& annotations) {
    return raw_.Do("PATCH", "/api/v1/namespaces/default",
                   R"({"metadata":{"annotations":{)" + annotations + "}}}", kPolicyPatch);
  };
  constexpr char kMount[] = R"("mounts":[{"type":"bind","source":"/srv/shop/a","target":"/s"}])";
  EXPECT_EQ(PostService("default", "a", kMount).status, 422);
  EXPECT_EQ(annotate(R"("gantry.dev/allowed-bind-paths":"srv")").status, 422);
  ASSERT_EQ(annotate(R"("gantry.dev/allowed-bind-paths":"/srv/shop")").status, 200);
  EXPECT_EQ(PostService("default", "a", kMount).status, 201);

  ASSERT_EQ(annotate(R"("gantry.dev/allowed-registries":"registry.example.com")").status, 200);
  const RawAnswer refused = PostService("default", "b", R"("user":"1")");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.text.find("spec.template.image: Forbidden: a may be the id of any image of a "
                              "host; write a tag or a digest behind a name; the namespace allows: "
                              "registries registry.example.com"),
            std::string::npos)
      << refused.text;
  // What is there may still be scaled.
  EXPECT_EQ(raw_.Do("PATCH", "/apis/gantry.dev/v1/namespaces/default/services/a",
                    R"({"spec":{"replicas":2}})", kPolicyPatch)
                .status,
            200);
}

// An engine's socket is protected wherever it is, as soon as a Node names it.
TEST_F(NamespacePolicies, SocketsOfNodes) {
  ASSERT_EQ(PostNamespace("strong", "Privileged"), 201);
  const auto mount = [&](const std::string& name, const std::string& path) {
    return PostService("strong", name,
                       R"("mounts":[{"type":"bind","source":")" + path + R"(","target":"/s"}])")
        .status;
  };
  EXPECT_EQ(mount("a", "/srv/engine/api"), 201);
  ASSERT_EQ(raw_.Do("POST", "/apis/gantry.dev/v1/nodes",
                    R"({"apiVersion":"gantry.dev/v1","kind":"Node","metadata":{"name":"n"},
                        "spec":{"endpoint":"unix:///srv/engine/api"}})")
                .status,
            201);
  EXPECT_EQ(mount("b", "/srv/engine/api"), 422);
  EXPECT_EQ(mount("b", "/srv/engine"), 422);
  EXPECT_EQ(mount("b", "/srv/other"), 201);
}

}  // namespace
}  // namespace gantry::testing
