#include "apiserver/rbac/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "apiserver/rbac/bootstrap.h"
#include "apiserver/rbac/decode.h"
#include "apiserver/rbac/escalation.h"
#include "tests/apiserver/rbac/slow_policy.h"

namespace gantry::apiserver::rbac {
namespace {

using ::testing::HasSubstr;

RequestInfo Ask(const std::string& verb, const std::string& resource, const std::string& ns = "",
                const std::string& name = "") {
  RequestInfo info;
  info.is_resource = true;
  info.verb = verb;
  info.group = "gantry.dev";
  info.resource = resource;
  info.ns = ns;
  info.name = name;
  return info;
}

User Named(const std::string& name, std::vector<std::string> groups = {}) {
  return {name, "", std::move(groups), {}};
}

Rule Read(const std::string& resource) {
  return {{"get", "list", "watch"}, {"gantry.dev"}, {resource}, {}, {}};
}

bool May(const Policy& policy, const User& user, const RequestInfo& info,
         std::string* reason = nullptr) {
  const std::string path = "/";
  return policy.Decide({user, info, path}, reason);
}

TEST(Policy, MastersMayDoEverythingAndOthersNothing) {
  const Policy policy;
  EXPECT_TRUE(May(policy, Named("root", {"system:masters"}), Ask("delete", "nodes")));
  EXPECT_FALSE(May(policy, Named("eve", {"system:authenticated"}), Ask("get", "nodes")));
}

TEST(Policy, BindingsGiveInTheirNamespaceOrEverywhere) {
  Policy policy;
  policy.PutRole({"", "reader"}, {{Read("services")}, {}, {}});
  policy.PutRole({"shop", "reader"}, {{Read("volumes")}, {}, {}});
  policy.PutBinding({"shop", "a"}, {"", "reader"}, {{Subject::Kind::kUser, "ann", ""}});
  policy.PutBinding({"shop", "b"}, {"shop", "reader"}, {{Subject::Kind::kGroup, "ops", ""}});
  policy.PutBinding({"", "c"}, {"", "reader"}, {{Subject::Kind::kServiceAccount, "bot", "ci"}});
  policy.PutBinding({"shop", "d"}, {"shop", "reader"},
                    {{Subject::Kind::kServiceAccount, "bot", ""}});

  EXPECT_TRUE(May(policy, Named("ann"), Ask("get", "services", "shop")));
  EXPECT_FALSE(May(policy, Named("ann"), Ask("get", "services", "mall")));
  EXPECT_FALSE(May(policy, Named("ann"), Ask("list", "services")));
  EXPECT_TRUE(May(policy, Named("bob", {"ops"}), Ask("get", "volumes", "shop")));
  EXPECT_FALSE(May(policy, Named("ops"), Ask("get", "volumes", "shop"))) << "a user is no group";
  EXPECT_TRUE(May(policy, Named("system:serviceaccount:ci:bot"), Ask("list", "services")));
  EXPECT_TRUE(May(policy, Named("system:serviceaccount:shop:bot"), Ask("get", "volumes", "shop")));
  EXPECT_FALSE(May(policy, Named("system:serviceaccount:ci:bot"), Ask("get", "volumes", "shop")));
}

TEST(Policy, SaysWhy) {
  Policy policy;
  policy.PutRole({"", "reader"}, {{Read("services")}, {}, {}});
  policy.PutBinding({"shop", "a"}, {"", "reader"}, {{Subject::Kind::kUser, "ann", ""}});
  policy.PutBinding({"", "b"}, {"", "ghost"}, {{Subject::Kind::kUser, "ann", ""}});
  std::string reason;
  EXPECT_TRUE(May(policy, Named("ann"), Ask("get", "services", "shop"), &reason));
  EXPECT_EQ(reason,
            R"(RBAC: allowed by RoleBinding "a/shop" of ClusterRole "reader" to User "ann")");
  EXPECT_FALSE(May(policy, Named("ann"), Ask("get", "nodes"), &reason));
  EXPECT_EQ(reason, R"(RBAC: clusterrole.rbac.authorization.k8s.io "ghost" not found)");
}

TEST(Policy, FollowsChanges) {
  Policy policy;
  const User ann = Named("ann");
  const RequestInfo get = Ask("get", "services");
  policy.PutBinding({"", "a"}, {"", "reader"},
                    {{Subject::Kind::kUser, "ann", ""}, {Subject::Kind::kUser, "ann", ""}});
  EXPECT_FALSE(May(policy, ann, get)) << "the role is not there yet";
  policy.PutRole({"", "reader"}, {{Read("services")}, {}, {}});
  EXPECT_TRUE(May(policy, ann, get));
  const uint64_t generation = policy.generation();
  policy.PutRole({"", "reader"}, {{Read("nodes")}, {}, {}});
  EXPECT_GT(policy.generation(), generation);
  EXPECT_FALSE(May(policy, ann, get));
  policy.PutRole({"", "reader"}, {{Read("services")}, {}, {}});
  policy.PutBinding({"", "a"}, {"", "reader"}, {{Subject::Kind::kUser, "bob", ""}});
  EXPECT_FALSE(May(policy, ann, get));
  EXPECT_TRUE(May(policy, Named("bob"), get));
  policy.DropRole({"", "reader"});
  EXPECT_FALSE(May(policy, Named("bob"), get));
  policy.PutRole({"", "reader"}, {{Read("services")}, {}, {}});
  policy.DropBinding({"", "a"});
  EXPECT_FALSE(May(policy, Named("bob"), get));
  policy.DropBinding({"", "a"});
  policy.DropRole({"", "never"});
}

TEST(Policy, NamespacesAreWithinThemselves) {
  Policy policy;
  policy.PutRole({"", "n"}, {{{{"get", "list"}, {""}, {"namespaces"}, {}, {}}}, {}, {}});
  policy.PutBinding({"shop", "n"}, {"", "n"}, {{Subject::Kind::kUser, "ann", ""}});
  RequestInfo info = Ask("get", "namespaces", "", "shop");
  info.group = "";
  EXPECT_TRUE(May(policy, Named("ann"), info));
  info.name = "mall";
  EXPECT_FALSE(May(policy, Named("ann"), info));
  info.verb = "list";
  info.name = "";
  EXPECT_FALSE(May(policy, Named("ann"), info));
}

TEST(Policy, AggregatesByLabels) {
  Policy policy;
  const LabelSelector selector = LabelSelector::FromMap({{"to", "view"}});
  policy.PutRole({"", "all"}, {{}, {{"to", "view"}}, {selector}});
  policy.PutRole({"", "b"}, {{Read("nodes")}, {{"to", "view"}}, {}});
  policy.PutRole({"", "a"}, {{Read("services"), Read("nodes")}, {{"to", "view"}}, {}});
  policy.PutRole({"", "c"}, {{Read("volumes")}, {{"to", "edit"}}, {}});
  policy.PutRole({"shop", "d"}, {{Read("volumes")}, {{"to", "view"}}, {}});
  EXPECT_EQ(policy.Aggregate("all", {selector}), (Rules{Read("services"), Read("nodes")}));
  EXPECT_THAT(policy.AggregatorsOf({{"to", "view"}}), ::testing::ElementsAre("all"));
  EXPECT_THAT(policy.AggregatorsOf({{"to", "edit"}}), ::testing::IsEmpty());
}

TEST(Escalation, NobodyGivesMoreThanTheyHave) {
  Policy policy;
  policy.PutRole({"", "admin"}, {{Read("services"), {{"*"}, {kGroup}, {"*"}, {}, {}}}, {}, {}});
  policy.PutBinding({"shop", "admin"}, {"", "admin"}, {{Subject::Kind::kUser, "ann", ""}});
  policy.PutRole({"", "secret"}, {{Read("secrets")}, {}, {}});
  const User ann = Named("ann", {"dev"});

  // `*` on roles includes the verb escalate.
  const Written role{"roles", "shop", "r", true};
  EXPECT_TRUE(CheckRole(policy, ann, role, {Read("secrets")}, false).ok());

  policy.PutRole({"", "admin"},
                 {{Read("services"), {{"create", "update"}, {kGroup}, {"*"}, {}, {}}}, {}, {}});
  EXPECT_TRUE(CheckRole(policy, ann, role, {Read("services")}, false).ok());
  const Status refused = CheckRole(policy, ann, role, {Read("secrets")}, false);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), Code::kForbidden);
  EXPECT_EQ(
      refused.error().message,
      "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"ann\" (groups=[\"dev\"]) is "
      "attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"gantry.dev\"], "
      "Resources:[\"secrets\"], Verbs:[\"get\" \"list\" \"watch\"]}");
  EXPECT_THAT(CheckRole(policy, ann, {"clusterroles", "", "r", true}, {}, true).error().message,
              HasSubstr("must have cluster-admin privileges to use the aggregationRule"));

  const Written binding{"rolebindings", "shop", "b", false};
  EXPECT_TRUE(CheckBinding(policy, ann, binding, {"", "admin"}).ok());
  EXPECT_EQ(CheckBinding(policy, ann, binding, {"", "secret"}).code(), Code::kForbidden);
  EXPECT_EQ(CheckBinding(policy, ann, binding, {"", "ghost"}).code(), Code::kNotFound);
  policy.PutRole({"shop", "binder"},
                 {{{{"bind"}, {kGroup}, {"clusterroles"}, {"secret"}, {}}}, {}, {}});
  policy.PutBinding({"shop", "binder"}, {"shop", "binder"}, {{Subject::Kind::kUser, "ann", ""}});
  EXPECT_TRUE(CheckBinding(policy, ann, binding, {"", "secret"}).ok());
  EXPECT_FALSE(
      CheckBinding(policy, ann, {"rolebindings", "mall", "b", false}, {"", "secret"}).ok());
}

TEST(Defaults, AreReconciledByAddingWhatIsMissing) {
  for (const Default& d : Defaults()) EXPECT_FALSE(Reconciled(d.object, d.object)) << d.name;
  Json wanted = {{"metadata", {{"labels", {{"a", "1"}}}, {"annotations", Json::object()}}},
                 {"rules", {{{"verbs", {"get"}}, {"apiGroups", {""}}, {"resources", {"a", "b"}}}}}};
  Json stored = {{"metadata", {{"labels", {{"mine", "1"}}}}},
                 {"rules", {{{"verbs", {"*"}}, {"apiGroups", {""}}, {"resources", {"a"}}}}}};
  const std::optional<Json> result = Reconciled(stored, wanted);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ((*result)["metadata"]["labels"], (Json{{"a", "1"}, {"mine", "1"}}));
  EXPECT_EQ((*result)["rules"].size(), 2u);
  EXPECT_EQ((*result)["rules"][1]["resources"], Json::array({"b"}));
  stored["metadata"]["annotations"]["rbac.authorization.kubernetes.io/autoupdate"] = "false";
  EXPECT_FALSE(Reconciled(stored, wanted));
}

// --- Random policies against the slow implementation.
class Dice {
 public:
  explicit Dice(uint32_t seed) : engine_(seed) {}
  size_t Below(size_t n) { return engine_() % n; }
  std::string Of(const std::vector<std::string>& all) { return all[Below(all.size())]; }
  Json Some(const std::vector<std::string>& all, size_t most) {
    Json some = Json::array();
    for (size_t n = 1 + Below(most); n > 0; --n) some.push_back(Of(all));
    return some;
  }

 private:
  std::mt19937 engine_;
};

const std::vector<std::string> kNames = {"a", "b", "c"};
const std::vector<std::string> kSpaces = {"n1", "n2"};
const std::vector<std::string> kVerbs = {"get", "list", "update", "*"};
const std::vector<std::string> kGroups = {"", "gantry.dev", "*"};
const std::vector<std::string> kResources = {"x", "y", "x/s", "y/t", "*/s", "*"};
const std::vector<std::string> kUrls = {"/m", "/m/*", "/d/e", "*"};
const std::vector<std::string> kUsers = {"a", "b", "system:serviceaccount:n1:a",
                                         "system:serviceaccount:n2:a"};

Json RandomRule(Dice* dice, bool paths) {
  Json rule = {{"verbs", dice->Some(kVerbs, 2)}};
  if (paths && dice->Below(3) == 0) {
    rule["nonResourceURLs"] = dice->Some(kUrls, 2);
    return rule;
  }
  rule["apiGroups"] = dice->Some(kGroups, 2);
  rule["resources"] = dice->Some(kResources, 2);
  if (dice->Below(3) == 0) rule["resourceNames"] = dice->Some(kNames, 2);
  return rule;
}

Json RandomObject(Dice* dice) {
  const bool namespaced = dice->Below(2) == 0;
  const bool role = dice->Below(2) == 0;
  Json object = {
      {"kind", std::string(namespaced ? "" : "Cluster") + "Role" + (role ? "" : "Binding")},
      {"metadata", {{"name", dice->Of(kNames)}}}};
  if (namespaced) object["metadata"]["namespace"] = dice->Of(kSpaces);
  if (role) {
    object["rules"] = Json::array();
    for (size_t n = 1 + dice->Below(3); n > 0; --n) {
      object["rules"].push_back(RandomRule(dice, !namespaced));
    }
    return object;
  }
  const bool ref_cluster = !namespaced || dice->Below(2) == 0;
  object["roleRef"] = {{"kind", ref_cluster ? "ClusterRole" : "Role"}, {"name", dice->Of(kNames)}};
  object["subjects"] = Json::array();
  for (size_t n = 1 + dice->Below(4); n > 0; --n) {
    const std::string kind = dice->Of({"User", "Group", "ServiceAccount"});
    Json subject = {{"kind", kind}, {"name", dice->Of(kNames)}};
    if (kind == "ServiceAccount" && (!namespaced || dice->Below(2) == 0)) {
      subject["namespace"] = dice->Of(kSpaces);
    }
    object["subjects"].push_back(subject);
  }
  return object;
}

ObjectKey KeyOf(const Json& object) {
  return {object["metadata"].value("namespace", ""), object["metadata"]["name"]};
}

TEST(PolicyProperty, DecidesAsTheSlowOneDoes) {
  size_t allowed = 0, asked = 0;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    Dice dice(seed);
    Policy policy;
    testing::SlowPolicy slow;
    for (int step = 0; step < 40; ++step) {
      const Json object = RandomObject(&dice);
      const bool removes = dice.Below(8) == 0;
      const std::string kind = object["kind"];
      std::erase_if(slow.objects,
                    [&](const Json& o) { return o["kind"] == kind && KeyOf(o) == KeyOf(object); });
      if (!removes) slow.objects.push_back(object);
      if (kind.ends_with("Role")) {
        if (removes) {
          policy.DropRole(KeyOf(object));
        } else {
          policy.PutRole(KeyOf(object), RoleFromJson(object));
        }
      } else if (removes) {
        policy.DropBinding(KeyOf(object));
      } else {
        policy.PutBinding(KeyOf(object), RoleRefOf(object, KeyOf(object).ns), SubjectsOf(object));
      }
      for (int question = 0; question < 20; ++question) {
        RequestInfo info;
        std::string path = "/";
        info.verb = dice.Of({"get", "list", "update", "delete"});
        info.is_resource = dice.Below(5) != 0;
        if (info.is_resource) {
          info.group = dice.Of({"", "gantry.dev"});
          info.resource = dice.Of({"x", "y"});
          info.subresource = dice.Of({"", "", "s", "t"});
          info.ns = dice.Of({"", "n1", "n2"});
          info.name = dice.Of({"", "a", "b"});
        } else {
          path = dice.Of({"/m", "/m/", "/m/n", "/d", "/d/e"});
        }
        const User user = Named(dice.Of(kUsers), {dice.Of(kNames), dice.Of(kNames)});
        const bool want = slow.Allowed(user, info, path);
        ASSERT_EQ(policy.Allowed({user, info, path}), want)
            << "seed " << seed << " step " << step << ": " << user.name << " " << info.verb << " "
            << info.group << " " << info.resource << "/" << info.subresource << " in " << info.ns
            << " name " << info.name << " path " << path;
        // What the rules of the user say is the same.
        const Rules rules = policy.RulesOf(user, NamespaceOf(info));
        const bool by_rules = std::any_of(
            rules.begin(), rules.end(), [&](const Rule& rule) { return Allows(rule, info, path); });
        ASSERT_EQ(by_rules, want) << "seed " << seed << " step " << step;
        ++asked;
        allowed += want ? 1 : 0;
      }
    }
  }
  EXPECT_GT(allowed, asked / 30) << "hardly anything was allowed: the policies say little";
}

}  // namespace
}  // namespace gantry::apiserver::rbac
