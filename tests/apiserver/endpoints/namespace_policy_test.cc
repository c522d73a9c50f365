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

}  // namespace
}  // namespace gantry::testing
