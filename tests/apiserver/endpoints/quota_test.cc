#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// ResourceQuotas at the server: what exceeds them is never made, however many ask at once.
namespace gantry::testing {
namespace {

constexpr char kContainers[] = "/apis/gantry.dev/v1/namespaces/default/containers";
constexpr char kQuotas[] = "/api/v1/namespaces/default/resourcequotas";

std::string ContainerBody(const std::string& name, const std::string& more = "") {
  return R"({"apiVersion":"gantry.dev/v1","kind":"Container","metadata":{"name":")" + name +
         R"("},"spec":{"template":{"image":"a")" + more + "}}}";
}

std::string QuotaBody(const std::string& hard) {
  return R"({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"team"},"spec":{"hard":{)" +
         hard + "}}}";
}

class Quotas : public ConfigMapFixture {};

TEST_F(Quotas, NamesAndAmounts) {
  const RawAnswer odd = raw_.Do("POST", kQuotas, QuotaBody(R"("pods":"1","limits.cpu":"-1")"));
  EXPECT_EQ(odd.status, 422);
  for (const char* text :
       {"spec.hard[pods]", "count/containers.gantry.dev", "spec.hard[limits.cpu]"})
    EXPECT_NE(odd.text.find(text), std::string::npos) << odd.text;
  EXPECT_EQ(raw_.Do("POST", kQuotas, QuotaBody(R"("cpu":"many")")).status, 422);
  EXPECT_EQ(raw_.Do("POST", kQuotas, QuotaBody(R"("gantry.dev/hostports":"500m")")).status, 422);
  EXPECT_EQ(
      raw_.Do("POST", kQuotas, QuotaBody(R"("cpu":"500m","memory":"1Gi","gantry.dev/hostports":2)"))
          .status,
      201);
}

TEST_F(Quotas, RefusesInKubernetesWords) {
  ASSERT_EQ(
      raw_.Do("POST", kQuotas, QuotaBody(R"("gantry.dev/hostports":"1","limits.cpu":"1")")).status,
      201);
  const RawAnswer silent = raw_.Do("POST", kContainers, ContainerBody("a"));
  EXPECT_EQ(silent.status, 403);
  EXPECT_EQ(silent.body["message"],
            "containers.gantry.dev \"a\" is forbidden: failed quota: team: must specify limits.cpu "
            "for: a");
  EXPECT_EQ(silent.body["reason"], "Forbidden");
  constexpr char kUses[] =
      R"(,"resources":{"limits":{"cpus":0.5}},"ports":[{"containerPort":80,"hostPort":0}])";
  ASSERT_EQ(raw_.Do("POST", kContainers, ContainerBody("a", kUses)).status, 201);
  const RawAnswer over = raw_.Do("POST", kContainers, ContainerBody("b", kUses));
  EXPECT_EQ(over.status, 403);
  EXPECT_EQ(over.body["message"],
            "containers.gantry.dev \"b\" is forbidden: exceeded quota: team, requested: "
            "gantry.dev/hostports=1, used: gantry.dev/hostports=1, limited: "
            "gantry.dev/hostports=1");
  // One that is there already is said to be, not to be too much.
  EXPECT_EQ(raw_.Do("POST", kContainers, ContainerBody("a", kUses)).status, 409);
  // Growing in place is no way around, by whatever kind of write.
  const std::string grown = R"({"spec":{"template":{"resources":{"limits":{"cpus":2}}}}})";
  EXPECT_EQ(raw_.Do("PATCH", std::string(kContainers) + "/a", grown,
                    {{"Content-Type", "application/merge-patch+json"}})
                .status,
            403);
  EXPECT_EQ(raw_.Do("PATCH", std::string(kContainers) + "/c?fieldManager=t",
                    ContainerBody("c", kUses), {{"Content-Type", "application/apply-patch+yaml"}})
                .status,
            403);
  EXPECT_EQ(raw_.Do("DELETE", std::string(kContainers) + "/a").status, 200);
  EXPECT_EQ(raw_.Do("POST", kContainers, ContainerBody("b", kUses)).status, 201);
}

TEST_F(Quotas, OtherKindsAndNamespaces) {
  ASSERT_EQ(raw_.Do("POST", kQuotas, QuotaBody(R"("count/volumes.gantry.dev":"1")")).status, 201);
  const auto make = [&](const std::string& ns, const std::string& name) {
    return raw_
        .Do("POST", "/apis/gantry.dev/v1/namespaces/" + ns + "/volumes",
            R"({"apiVersion":"gantry.dev/v1","kind":"Volume","metadata":{"name":")" + name +
                R"("},"spec":{}})")
        .status;
  };
  EXPECT_EQ(make("default", "a"), 201);
  EXPECT_EQ(make("default", "b"), 403);
  EXPECT_EQ(make("gantry-system", "b"), 201);
  EXPECT_EQ(raw_.Do("POST", kContainers, ContainerBody("a")).status, 201);
}

// Many writers at once: exactly as many as there is room for succeed.
TEST_F(Quotas, ConcurrentWriters) {
  constexpr int kRoom = 7, kWriters = 4, kEach = 12;
  ASSERT_EQ(raw_.Do("POST", kQuotas, QuotaBody(R"("count/containers.gantry.dev":"7")")).status,
            201);
  std::atomic<int> made{0}, refused{0};
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      const RawClient client(&env_);
      for (int i = 0; i < kEach; ++i) {
        const int status =
            client.Do("POST", kContainers, ContainerBody(fmt::format("c-{}-{}", w, i))).status;
        if (status == 201) ++made;
        if (status == 403) ++refused;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(made, kRoom);
  EXPECT_EQ(refused, kWriters * kEach - kRoom);
  EXPECT_EQ(raw_.Get(kContainers).body["items"].size(), size_t{kRoom});
}

// Only an administrator of the installation writes quotas; an admin of the namespace reads them.
TEST_F(Quotas, AdminsOfANamespaceDoNotWriteThem) {
  ASSERT_EQ(raw_.Do("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                    R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
                        "metadata":{"name":"ann"},
                        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole",
                                   "name":"admin"},
                        "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User",
                                     "name":"ann"}]})")
                .status,
            201);
  const RawClient ann(&env_, {"ann", "", {"system:authenticated"}, {}});
  EXPECT_EQ(ann.Get(kQuotas).status, 200);
  EXPECT_EQ(ann.Do("POST", kQuotas, QuotaBody(R"("cpu":"1")")).status, 403);
}

}  // namespace
}  // namespace gantry::testing
