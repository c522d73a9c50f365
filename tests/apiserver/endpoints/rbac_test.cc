#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/apiserver/endpoints/raw_client.h"

// Roles, bindings, reviews and impersonation against a whole server.
namespace gantry::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kRbac = "/apis/rbac.authorization.k8s.io/v1";
const std::string kAuthorization = "/apis/authorization.k8s.io/v1";
const HeaderList kMergePatch = {{"Content-Type", "application/merge-patch+json"}};

class Rbac : public ::testing::Test {
 protected:
  static apiserver::User Named(const std::string& name, std::vector<std::string> groups = {}) {
    return {name, "", std::move(groups), {}};
  }
  RawClient As(const std::string& name, std::vector<std::string> groups = {}) {
    return RawClient(&env_, Named(name, std::move(groups)));
  }
  std::string InDefault(const std::string& resource) {
    return kRbac + "/namespaces/default/" + resource;
  }
  RawAnswer Post(const std::string& path, const Json& body) { return Post(admin_, path, body); }
  static RawAnswer Post(const RawClient& as, const std::string& path, const Json& body) {
    return as.Do("POST", path, body.dump());
  }
  static Json Role(const std::string& name, const std::vector<Json>& rules) {
    return {{"metadata", {{"name", name}}}, {"rules", rules}};
  }
  static Json Binding(const std::string& name, const std::string& kind, const std::string& role,
                      const std::string& user) {
    return {{"metadata", {{"name", name}}},
            {"roleRef", {{"kind", kind}, {"name", role}}},
            {"subjects", {{{"kind", "User"}, {"name", user}}}}};
  }
  static Json Rule(const Json& verbs, const std::string& group, const Json& resources) {
    return {{"verbs", verbs}, {"apiGroups", {group}}, {"resources", resources}};
  }
  Json Access(const RawClient& as, const Json& attributes) {
    const RawAnswer answer = as.Do("POST", kAuthorization + "/selfsubjectaccessreviews",
                                   Json{{"spec", {{"resourceAttributes", attributes}}}}.dump());
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body["status"];
  }

  EnvTest env_;
  RawClient admin_{&env_};
};

TEST_F(Rbac, NobodyMayDoAnythingUntilARoleIsBound) {
  const RawClient ann = As("ann");
  const RawAnswer refused = ann.Get(kConfigMapsPath);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(
      refused.body["message"],
      "configmaps is forbidden: User \"ann\" cannot list resource \"configmaps\" in API group "
      "\"\" in the namespace \"default\"");
  EXPECT_EQ(Post(InDefault("rolebindings"), Binding("ann", "ClusterRole", "view", "ann")).status,
            201);
  EXPECT_EQ(ann.Get(kConfigMapsPath).status, 200);
  EXPECT_EQ(ann.Get("/apis/gantry.dev/v1/namespaces/default/services").status, 200);
  EXPECT_EQ(ann.Get("/api/v1/namespaces/default").status, 200);
  EXPECT_EQ(ann.Get("/api/v1/namespaces/default/secrets").status, 403);
  EXPECT_EQ(ann.Get("/api/v1/namespaces/kube-system/configmaps").status, 403);
  EXPECT_EQ(ann.Get("/api/v1/configmaps").status, 403);
  EXPECT_EQ(ann.Do("POST", kConfigMapsPath, ConfigMapBody("m")).status, 403);
  // Everybody discovers; nobody else sees the rest.
  EXPECT_EQ(ann.Get("/apis").status, 200);
  EXPECT_EQ(ann.Get("/openapi/v3").status, 200);
  EXPECT_EQ(ann.Get("/metrics").status, 403);
  EXPECT_EQ(ann.Get("/backup").status, 403);
  // What was given is taken as soon as the delete is answered.
  EXPECT_EQ(admin_.Do("DELETE", InDefault("rolebindings/ann")).status, 200);
  EXPECT_EQ(ann.Get(kConfigMapsPath).status, 403);
}

TEST_F(Rbac, RolesForTheWholeInstallation) {
  const RawClient ann = As("ann");
  EXPECT_EQ(
      Post(kRbac + "/clusterrolebindings", Binding("ann", "ClusterRole", "gantry:read-only", "ann"))
          .status,
      201);
  EXPECT_EQ(ann.Get("/apis/gantry.dev/v1/nodes").status, 200);
  EXPECT_EQ(ann.Get("/apis/gantry.dev/v1/services").status, 200);
  EXPECT_EQ(ann.Do("DELETE", "/apis/gantry.dev/v1/nodes/x").status, 403);
  const RawClient bob = As("bob");
  EXPECT_EQ(Post(kRbac + "/clusterrolebindings",
                 Binding("bob", "ClusterRole", "gantry:read-write", "bob"))
                .status,
            201);
  EXPECT_EQ(bob.Do("DELETE", "/apis/gantry.dev/v1/nodes/x").status, 404);
  EXPECT_EQ(bob.Get("/apis/gantry.dev/v1/nodes").status, 200);
  EXPECT_EQ(Post(bob, InDefault("roles"), Role("r", {})).status, 403);
}

TEST_F(Rbac, ARoleLimitedToNamesListsAndWatchesByName) {
  Json rule = Rule({"get", "list", "watch"}, "", {"configmaps"});
  rule["resourceNames"] = Json::array({"mine"});
  ASSERT_EQ(Post(InDefault("roles"), Role("mine", {rule})).status, 201);
  ASSERT_EQ(Post(InDefault("rolebindings"), Binding("mine", "Role", "mine", "ann")).status, 201);
  ASSERT_EQ(admin_.Do("POST", kConfigMapsPath, ConfigMapBody("mine")).status, 201);
  const RawClient ann = As("ann");
  const std::string path = kConfigMapsPath;
  EXPECT_EQ(ann.Get(path + "/mine").status, 200);
  EXPECT_EQ(ann.Get(path + "/other").status, 403);
  EXPECT_EQ(ann.Get(path).status, 403);
  const RawAnswer list = ann.Get(path + "?fieldSelector=metadata.name%3Dmine");
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(list.body["items"].size(), 1u);
  EXPECT_EQ(ann.Get(path + "?fieldSelector=metadata.name%3Dother").status, 403);
  const std::vector<Json> events =
      ann.Lines(path + "?watch=1&fieldSelector=metadata.name%3Dmine&timeoutSeconds=5", 1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["object"]["metadata"]["name"], "mine");
}

TEST_F(Rbac, SubresourcesAreGivenByThemselves) {
  InstallWidgets(admin_);
  ASSERT_EQ(admin_
                .Do("POST", kWidgetsPath, R"({"apiVersion":"example.com/v1","kind":"Widget",
                      "metadata":{"name":"w"},"spec":{"replicas":1}})")
                .status,
            201);
  ASSERT_EQ(Post(InDefault("roles"),
                 Role("scaler", {Rule({"get", "patch"}, "example.com", {"widgets/scale"})}))
                .status,
            201);
  ASSERT_EQ(Post(InDefault("rolebindings"), Binding("s", "Role", "scaler", "ann")).status, 201);
  const RawClient ann = As("ann");
  const std::string widget = std::string(kWidgetsPath) + "/w";
  EXPECT_EQ(ann.Get(widget + "/scale").status, 200);
  EXPECT_EQ(ann.Do("PATCH", widget + "/scale", R"({"spec":{"replicas":2}})", kMergePatch).status,
            200);
  EXPECT_EQ(ann.Get(widget).status, 403);
  EXPECT_EQ(ann.Do("PATCH", widget, R"({"spec":{"replicas":3}})", kMergePatch).status, 403);
}

TEST_F(Rbac, AWatchEndsWhenItsUserLosesTheRight) {
  for (const char* user : {"wendy", "walter"}) {
    ASSERT_EQ(Post(InDefault("rolebindings"), Binding(user, "ClusterRole", "view", user)).status,
              201);
  }
  ASSERT_EQ(admin_.Do("POST", kConfigMapsPath, ConfigMapBody("one")).status, 201);
  const std::string watch = std::string(kConfigMapsPath) + "?watch=1&timeoutSeconds=300";
  const auto lines = [this, watch](const std::string& user, size_t count) {
    return As(user).Lines(watch, count).size();
  };
  std::future<size_t> wendy = std::async(std::launch::async, lines, "wendy", 100);
  std::future<size_t> walter = std::async(std::launch::async, lines, "walter", 2);
  const MonoTime end = Clock::Real()->Mono() + std::chrono::seconds(30);
  for (const char* user : {"wendy", "walter"}) {
    while (admin_.Get("/debug/gantry").text.find(user) == std::string::npos) {
      ASSERT_LT(Clock::Real()->Mono(), end);
    }
  }
  ASSERT_EQ(admin_.Do("DELETE", InDefault("rolebindings/wendy")).status, 200);
  ASSERT_EQ(wendy.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_LE(wendy.get(), 1u);
  // The other one goes on.
  ASSERT_EQ(admin_.Do("POST", kConfigMapsPath, ConfigMapBody("two")).status, 201);
  EXPECT_EQ(walter.get(), 2u);
}

TEST_F(Rbac, ApplyCreatesOnlyForThoseWhoMayCreate) {
  const HeaderList apply = {{"Content-Type", "application/apply-patch+yaml"}};
  const std::string path = std::string(kConfigMapsPath) + "/m";
  const std::string target = path + "?fieldManager=ann";
  ASSERT_EQ(Post(InDefault("roles"), Role("patcher", {Rule({"patch"}, "", {"configmaps"})})).status,
            201);
  ASSERT_EQ(Post(InDefault("rolebindings"), Binding("p", "Role", "patcher", "ann")).status, 201);
  const RawClient ann = As("ann");
  const RawAnswer refused = ann.Do("PATCH", target, ConfigMapBody("m"), apply);
  EXPECT_EQ(refused.status, 403) << refused.text;
  EXPECT_THAT(refused.body.value("message", ""), HasSubstr("cannot create resource"));
  EXPECT_EQ(admin_.Get(path).status, 404);
  ASSERT_EQ(admin_.Do("POST", kConfigMapsPath, ConfigMapBody("m")).status, 201);
  EXPECT_EQ(ann.Do("PATCH", target + "&force=true", ConfigMapBody("m"), apply).status, 200);
}

TEST_F(Rbac, RefusesWhatMakesNoSense) {
  const struct {
    const char* what;
    std::string path;
    Json body;
    const char* message;
  } cases[] = {
      {"no verbs", InDefault("roles"), Role("r", {Rule(nullptr, "", {"secrets"})}),
       "rules[0].verbs: Required value: verbs must contain at least one value"},
      {"no groups", InDefault("roles"),
       Role("r", {{{"verbs", {"get"}}, {"resources", {"secrets"}}}}),
       "rules[0].apiGroups: Required value: resource rules must supply at least one api group"},
      {"no resources", InDefault("roles"), Role("r", {{{"verbs", {"get"}}, {"apiGroups", {""}}}}),
       "rules[0].resources: Required value: resource rules must supply at least one resource"},
      {"paths in a Role", InDefault("roles"),
       Role("r", {{{"verbs", {"get"}}, {"nonResourceURLs", {"/x"}}}}),
       "namespaced rules cannot apply to non-resource URLs"},
      {"paths and resources", kRbac + "/clusterroles",
       Role("r", {{{"verbs", {"get"}}, {"nonResourceURLs", {"/x"}}, {"resources", {"a"}}}}),
       "rules cannot apply to both regular resources and non-resource URLs"},
      {"no selectors",
       kRbac + "/clusterroles",
       {{"metadata", {{"name", "r"}}}, {"aggregationRule", Json::object()}},
       "at least one clusterRoleSelector required if aggregationRule is non-nil"},
      {"a Role everywhere", kRbac + "/clusterrolebindings", Binding("b", "Role", "r", "ann"),
       "roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\""},
      {"no such kind of role", InDefault("rolebindings"), Binding("b", "Rule", "r", "ann"),
       "roleRef.kind: Unsupported value: \"Rule\": supported values: \"Role\", \"ClusterRole\""},
      {"no such kind of subject",
       InDefault("rolebindings"),
       {{"metadata", {{"name", "b"}}},
        {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
        {"subjects", {{{"kind", "Robot"}, {"name", "x"}}}}},
       "subjects[0].kind: Unsupported value: \"Robot\""},
      {"an account of nowhere",
       kRbac + "/clusterrolebindings",
       {{"metadata", {{"name", "b"}}},
        {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
        {"subjects", {{{"kind", "ServiceAccount"}, {"name", "x"}}}}},
       "subjects[0].namespace: Required value"},
  };
  for (const auto& c : cases) {
    const RawAnswer answer = Post(c.path, c.body);
    EXPECT_EQ(answer.status, 422) << c.what << answer.text;
    EXPECT_THAT(answer.body.value("message", ""), HasSubstr(c.message)) << c.what;
  }
}

TEST_F(Rbac, TheRoleOfABindingNeverChanges) {
  ASSERT_EQ(Post(InDefault("rolebindings"), Binding("b", "ClusterRole", "view", "ann")).status,
            201);
  const RawAnswer answer = admin_.Do("PATCH", InDefault("rolebindings/b"),
                                     R"({"roleRef":{"name":"edit"}})", kMergePatch);
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body.value("message", ""), HasSubstr("cannot change roleRef"));
}

TEST_F(Rbac, ANamespaceAdminCannotEscalate) {
  ASSERT_EQ(Post(InDefault("rolebindings"), Binding("b", "ClusterRole", "admin", "ann")).status,
            201);
  const RawClient ann = As("ann", {"dev"});
  EXPECT_EQ(Post(ann, InDefault("roles"), Role("ok", {Rule({"get"}, "", {"secrets"})})).status,
            201);
  EXPECT_EQ(Post(ann, InDefault("rolebindings"), Binding("ok", "Role", "ok", "bob")).status, 201);
  EXPECT_EQ(Post(ann, InDefault("rolebindings"), Binding("v", "ClusterRole", "view", "bob")).status,
            201);
  const RawAnswer more = Post(ann, InDefault("roles"), Role("no", {Rule({"*"}, "*", {"*"})}));
  EXPECT_EQ(more.status, 403);
  EXPECT_EQ(more.body["message"],
            "roles.rbac.authorization.k8s.io \"no\" is forbidden: user \"ann\" "
            "(groups=[\"dev\" \"system:authenticated\"]) is attempting to grant RBAC permissions "
            "not currently held:\n{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}");
  const RawAnswer grown = ann.Do(
      "PATCH", InDefault("roles/ok"),
      R"({"rules":[{"verbs":["escalate"],"apiGroups":["*"],"resources":["*"]}]})", kMergePatch);
  EXPECT_EQ(grown.status, 403);
  EXPECT_EQ(
      Post(ann, InDefault("rolebindings"), Binding("c", "ClusterRole", "cluster-admin", "ann"))
          .status,
      403);
  EXPECT_EQ(
      Post(ann, kRbac + "/clusterrolebindings", Binding("c", "ClusterRole", "cluster-admin", "ann"))
          .status,
      403);
  EXPECT_EQ(Post(ann, kRbac + "/namespaces/kube-system/rolebindings",
                 Binding("c", "ClusterRole", "view", "ann"))
                .status,
            403);
}

TEST_F(Rbac, ClusterRolesGatherTheRulesOfOthers) {
  const auto rules_of = [this](const std::string& role) {
    return admin_.Get(kRbac + "/clusterroles/" + role).body["rules"];
  };
  const Json rule = Rule({"get"}, "example.com", {"widgets"});
  EXPECT_THAT(rules_of("view"), Not(Contains(rule)));
  Json role = Role("widgets", {rule});
  role["metadata"]["labels"] = {{"rbac.authorization.k8s.io/aggregate-to-view", "true"}};
  ASSERT_EQ(Post(kRbac + "/clusterroles", role).status, 201);
  // view gathers it, edit gathers view, admin gathers edit: each after the other.
  const auto until = [&](bool wanted) {
    const MonoTime end = Clock::Real()->Mono() + std::chrono::seconds(30);
    for (const char* name : {"view", "edit", "admin", "gantry:read-only"}) {
      while (true) {
        const Json rules = rules_of(name);
        const bool has = std::find(rules.begin(), rules.end(), rule) != rules.end();
        if (has == wanted) break;
        ASSERT_LT(Clock::Real()->Mono(), end) << name;
        std::this_thread::yield();
      }
    }
  };
  until(true);
  EXPECT_EQ(admin_.Do("DELETE", kRbac + "/clusterroles/widgets").status, 200);
  until(false);
  // What is written there is not kept.
  EXPECT_EQ(
      admin_.Do("PATCH", kRbac + "/clusterroles/view", R"({"rules":null})", kMergePatch).status,
      200);
  EXPECT_FALSE(rules_of("view").empty());
}

TEST_F(Rbac, Reviews) {
  ASSERT_EQ(Post(InDefault("rolebindings"), Binding("b", "ClusterRole", "view", "ann")).status,
            201);
  const RawClient ann = As("ann");
  const Json read = {{"verb", "list"},
                     {"group", "gantry.dev"},
                     {"resource", "services"},
                     {"namespace", "default"}};
  Json write = read;
  write["verb"] = "delete";
  EXPECT_EQ(Access(ann, read)["allowed"], true);
  EXPECT_EQ(Access(ann, read)["reason"],
            "RBAC: allowed by RoleBinding \"b/default\" of ClusterRole \"view\" to User \"ann\"");
  EXPECT_EQ(Access(ann, write), (Json{{"allowed", false}}));

  const std::string subject = kAuthorization + "/subjectaccessreviews";
  const Json of_ann = {{"spec", {{"user", "ann"}, {"resourceAttributes", read}}}};
  EXPECT_EQ(Post(ann, subject, of_ann).status, 403) << "who may do what is not for everybody";
  EXPECT_EQ(Post(subject, of_ann).body["status"]["allowed"], true);
  EXPECT_EQ(Post(subject, {{"spec", {{"user", "ann"}, {"resourceAttributes", write}}}})
                .body["status"]["allowed"],
            false);
  EXPECT_EQ(Post(subject, {{"spec",
                            {{"groups", {"system:authenticated"}},
                             {"nonResourceAttributes", {{"verb", "get"}, {"path", "/api"}}}}}})
                .body["status"]["allowed"],
            true);
  EXPECT_EQ(Post(subject, {{"spec", {{"resourceAttributes", read}}}}).status, 422);
  EXPECT_EQ(Post(subject, {{"spec", {{"user", "ann"}}}}).status, 422);

  const std::string local = kAuthorization + "/namespaces/default/localsubjectaccessreviews";
  EXPECT_EQ(Post(local, of_ann).body["status"]["allowed"], true);
  Json elsewhere = of_ann;
  elsewhere["spec"]["resourceAttributes"]["namespace"] = "kube-system";
  EXPECT_EQ(Post(local, elsewhere).status, 422);

  const RawAnswer rules = Post(ann, kAuthorization + "/selfsubjectrulesreviews",
                               {{"spec", {{"namespace", "default"}}},
                                {"status", {{"resourceRules", nullptr}, {"incomplete", false}}}});
  EXPECT_EQ(rules.status, 201) << rules.text;
  EXPECT_EQ(rules.body["status"]["incomplete"], false);
  EXPECT_THAT(rules.text, HasSubstr("servicerevisions"));
  EXPECT_THAT(rules.text, HasSubstr("/openapi/*"));
  EXPECT_EQ(
      Post(ann, kAuthorization + "/selfsubjectrulesreviews", {{"spec", Json::object()}}).status,
      400);
}

TEST_F(Rbac, Impersonation) {
  const auto who = [](const RawClient& as, HeaderList headers) {
    return as.Do("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", headers);
  };
  const RawAnswer all = who(admin_, {{"Impersonate-User", "ann"},
                                     {"Impersonate-Group", "dev"},
                                     {"Impersonate-Group", "ops"},
                                     {"Impersonate-Uid", "7"},
                                     {"impersonate-extra-Acme.com%2fScope", "a"}});
  EXPECT_EQ(all.status, 201) << all.text;
  EXPECT_EQ(all.body["status"]["userInfo"],
            (Json{{"username", "ann"},
                  {"uid", "7"},
                  {"groups", {"dev", "ops", "system:authenticated"}},
                  {"extra", {{"acme.com/scope", {"a"}}}}}));
  const RawAnswer account = who(admin_, {{"Impersonate-User", "system:serviceaccount:shop:bot"}});
  EXPECT_EQ(
      account.body["status"]["userInfo"]["groups"],
      (Json{"system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"}));
  EXPECT_EQ(who(admin_, {{"Impersonate-Group", "dev"}}).status, 400);

  // What the other may not do, neither may the one who acts as them.
  EXPECT_EQ(admin_.Get(kConfigMapsPath, {{"Impersonate-User", "ann"}}).status, 403);

  const RawClient bob = As("bob");
  const RawAnswer refused = who(bob, {{"Impersonate-User", "ann"}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body["message"],
            "users \"ann\" is forbidden: User \"bob\" cannot impersonate resource \"users\" in API "
            "group \"\" at the cluster scope");
  Json rule = Rule({"impersonate"}, "", {"users"});
  rule["resourceNames"] = Json::array({"ann"});
  ASSERT_EQ(Post(kRbac + "/clusterroles", Role("as-ann", {rule})).status, 201);
  ASSERT_EQ(Post(kRbac + "/clusterrolebindings", Binding("as-ann", "ClusterRole", "as-ann", "bob"))
                .status,
            201);
  EXPECT_EQ(who(bob, {{"Impersonate-User", "ann"}}).body["status"]["userInfo"]["username"], "ann");
  EXPECT_EQ(who(bob, {{"Impersonate-User", "eve"}}).status, 403);
  EXPECT_EQ(who(bob, {{"Impersonate-User", "ann"}, {"Impersonate-Group", "system:masters"}}).status,
            403);
}

TEST_F(Rbac, DefaultRoles) {
  const RawAnswer role = admin_.Get(kRbac + "/clusterroles/system:basic-user");
  EXPECT_EQ(role.body["metadata"]["annotations"]["rbac.authorization.kubernetes.io/autoupdate"],
            "true");
  const RawAnswer table = admin_.Get(kRbac + "/clusterrolebindings",
                                     {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}});
  EXPECT_EQ(table.body["columnDefinitions"][1]["name"], "Role");
}

}  // namespace
}  // namespace gantry::testing
