#include "apiserver/protobuf/body.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "apiserver/protobuf/kubernetes.pb.h"

namespace gantry::apiserver {
namespace {

using ::google::protobuf::MessageLite;

constexpr size_t kMaxFields = 1000;

std::string Enveloped(const std::string& api_version, const std::string& kind,
                      const std::string& raw) {
  kubernetes::Unknown envelope;
  envelope.mutable_typemeta()->set_apiversion(api_version);
  envelope.mutable_typemeta()->set_kind(kind);
  envelope.set_raw(raw);
  // Go sends both, empty.
  envelope.set_contentencoding("");
  envelope.set_contenttype("");
  return std::string("k8s\0", 4) + envelope.SerializeAsString();
}

void ExpectJson(const std::string& api_version, const std::string& kind, const MessageLite& message,
                const std::string& want) {
  const Result<Json> got =
      DecodeProtobuf(Enveloped(api_version, kind, message.SerializeAsString()), kMaxFields);
  ASSERT_TRUE(got.ok()) << got.error().message;
  Json expected = Json::parse(want);
  expected["apiVersion"] = api_version;
  expected["kind"] = kind;
  EXPECT_EQ(got->dump(2), expected.dump(2));
}

// What a Go client sends of a metadata where only the name is set.
void FillAsGo(kubernetes::ObjectMeta* meta, const std::string& name) {
  meta->set_name(name);
  meta->set_generatename("");
  meta->set_namespace_("");
  meta->set_selflink("");
  meta->set_uid("");
  meta->set_resourceversion("");
  meta->set_generation(0);
  meta->mutable_creationtimestamp();
}

TEST(ProtobufBody, NamespaceAsGoSendsIt) {
  kubernetes::Namespace ns;
  FillAsGo(ns.mutable_metadata(), "shop");
  ns.mutable_spec();
  ns.mutable_status()->set_phase("");
  ExpectJson("v1", "Namespace", ns, R"({"metadata":{"name":"shop"},"spec":{},"status":{}})");
  ns.mutable_spec()->add_finalizers("kubernetes");
  auto* condition = ns.mutable_status()->add_conditions();
  condition->set_type("Ready");
  condition->set_status("");
  condition->set_reason("");
  ExpectJson("v1", "Namespace", ns,
             R"({"metadata":{"name":"shop"},"spec":{"finalizers":["kubernetes"]},
                 "status":{"conditions":[{"type":"Ready","status":""}]}})");
}

TEST(ProtobufBody, Metadata) {
  kubernetes::ConfigMap map;
  auto* meta = map.mutable_metadata();
  FillAsGo(meta, "m");
  meta->set_generation(9007199254740993);
  meta->mutable_creationtimestamp()->set_seconds(1795260840);
  meta->mutable_creationtimestamp()->set_nanos(999);
  meta->mutable_deletiontimestamp()->set_seconds(0);
  meta->set_deletiongraceperiodseconds(0);
  (*meta->mutable_labels())["app"] = "web";
  (*meta->mutable_annotations())["empty"] = "";
  meta->add_finalizers("a/b");
  auto* owner = meta->add_ownerreferences();
  owner->set_apiversion("v1");
  owner->set_kind("ConfigMap");
  owner->set_name("");
  owner->set_uid("u");
  owner->set_controller(false);
  auto* managed = meta->add_managedfields();
  managed->set_manager("kubectl");
  managed->set_operation("Update");
  managed->set_subresource("");
  managed->mutable_time()->set_seconds(-1);
  managed->set_fieldstype("FieldsV1");
  managed->mutable_fieldsv1()->set_raw(R"({"f:data":{".":{}}})");
  ExpectJson("v1", "ConfigMap", map, R"({"metadata":{
      "name":"m","generation":9007199254740993,
      "creationTimestamp":"2026-11-21T11:34:00Z","deletionTimestamp":"1970-01-01T00:00:00Z",
      "deletionGracePeriodSeconds":0,"labels":{"app":"web"},"annotations":{"empty":""},
      "finalizers":["a/b"],
      "ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"","uid":"u",
                          "controller":false}],
      "managedFields":[{"manager":"kubectl","operation":"Update","time":"1969-12-31T23:59:59Z",
                        "fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{}}}}]}})");
}

TEST(ProtobufBody, ConfigMapAndSecret) {
  kubernetes::ConfigMap map;
  (*map.mutable_data())["k"] = "v\n\xc3\xa9";
  (*map.mutable_binarydata())["b"] = std::string("\0\xff", 2);
  map.set_immutable(false);
  ExpectJson("v1", "ConfigMap", map,
             R"({"data":{"k":"v\né"},"binaryData":{"b":"AP8="},"immutable":false})");

  kubernetes::Secret secret;
  (*secret.mutable_data())["password"] = "hunter2";
  (*secret.mutable_data())["none"] = "";
  (*secret.mutable_stringdata())["plain"] = "text";
  secret.set_type("Opaque");
  ExpectJson("v1", "Secret", secret,
             R"({"data":{"password":"aHVudGVyMg==","none":""},"stringData":{"plain":"text"},
                 "type":"Opaque"})");
}

TEST(ProtobufBody, ResourceQuota) {
  kubernetes::ResourceQuota quota;
  FillAsGo(quota.mutable_metadata(), "team");
  (*quota.mutable_spec()->mutable_hard())["limits.cpu"].set_string("500m");
  quota.mutable_status();
  ExpectJson("v1", "ResourceQuota", quota,
             R"({"metadata":{"name":"team"},"spec":{"hard":{"limits.cpu":"500m"}},"status":{}})");
}

TEST(ProtobufBody, ServiceAccount) {
  kubernetes::ServiceAccount account;
  account.add_secrets()->set_name("s");
  account.add_imagepullsecrets()->set_name("p");
  account.set_automountserviceaccounttoken(false);
  ExpectJson("v1", "ServiceAccount", account,
             R"({"secrets":[{"name":"s"}],"imagePullSecrets":[{"name":"p"}],
                 "automountServiceAccountToken":false})");
}

TEST(ProtobufBody, Event) {
  kubernetes::Event event;
  event.mutable_involvedobject()->set_kind("Node");
  event.mutable_involvedobject()->set_name("n");
  event.set_reason("Started");
  event.mutable_source();
  event.mutable_firsttimestamp()->set_seconds(1795260840);
  event.mutable_lasttimestamp();
  event.set_count(3);
  event.mutable_eventtime()->set_seconds(1795260840);
  event.mutable_eventtime()->set_nanos(1234567);
  event.mutable_series()->set_count(2);
  event.mutable_series()->mutable_lastobservedtime();
  event.set_action("");
  event.set_reportingcomponent("");
  ExpectJson("v1", "Event", event,
             R"({"involvedObject":{"kind":"Node","name":"n"},"reason":"Started","source":{},
                 "firstTimestamp":"2026-11-21T11:34:00Z","count":3,
                 "eventTime":"2026-11-21T11:34:00.001234Z","series":{"count":2},
                 "reportingComponent":""})");
}

TEST(ProtobufBody, LeaseReleasedByItsHolder) {
  kubernetes::Lease lease;
  FillAsGo(lease.mutable_metadata(), "leader");
  auto* spec = lease.mutable_spec();
  spec->set_holderidentity("");
  spec->set_leasedurationseconds(1);
  spec->mutable_renewtime()->set_seconds(253402300799);
  spec->mutable_renewtime()->set_nanos(999999999);
  spec->mutable_acquiretime()->set_seconds(-62135596800);
  spec->mutable_acquiretime()->set_nanos(0);
  spec->set_leasetransitions(0);
  ExpectJson("coordination.k8s.io/v1", "Lease", lease,
             R"({"metadata":{"name":"leader"},
                 "spec":{"holderIdentity":"","leaseDurationSeconds":1,"leaseTransitions":0,
                         "acquireTime":"0001-01-01T00:00:00.000000Z",
                         "renewTime":"9999-12-31T23:59:59.999999Z"}})");
}

TEST(ProtobufBody, Reviews) {
  kubernetes::SelfSubjectAccessReview access;
  auto* resource = access.mutable_spec()->mutable_resourceattributes();
  resource->set_verb("list");
  resource->set_group("gantry.dev");
  resource->set_resource("containers");
  resource->set_name("");
  auto* requirement = resource->mutable_labelselector()->add_requirements();
  requirement->set_key("app");
  requirement->set_operator_("In");
  requirement->add_values("web");
  ExpectJson("authorization.k8s.io/v1", "SelfSubjectAccessReview", access,
             R"({"spec":{"resourceAttributes":{"verb":"list","group":"gantry.dev",
                 "resource":"containers","labelSelector":{"requirements":[
                     {"key":"app","operator":"In","values":["web"]}]}}}})");
  access.mutable_spec()->clear_resourceattributes();
  access.mutable_spec()->mutable_nonresourceattributes()->set_path("/metrics");
  ExpectJson("authorization.k8s.io/v1", "SelfSubjectAccessReview", access,
             R"({"spec":{"nonResourceAttributes":{"path":"/metrics"}}})");

  kubernetes::SelfSubjectRulesReview rules;
  rules.mutable_spec()->set_namespace_("shop");
  ExpectJson("authorization.k8s.io/v1", "SelfSubjectRulesReview", rules,
             R"({"spec":{"namespace":"shop"}})");

  kubernetes::SubjectAccessReview subject;
  subject.mutable_metadata();
  subject.mutable_spec()->set_user("ann");
  subject.mutable_spec()->add_groups("dev");
  (*subject.mutable_spec()->mutable_extra())["scope"].add_items("a");
  ExpectJson("authorization.k8s.io/v1", "SubjectAccessReview", subject,
             R"({"metadata":{},"spec":{"user":"ann","groups":["dev"],"extra":{"scope":["a"]}}})");

  kubernetes::ClusterRole role;
  role.mutable_metadata()->set_name("r");
  role.add_rules()->add_verbs("get");
  role.mutable_rules(0)->add_apigroups("");
  role.mutable_rules(0)->add_resources("secrets");
  (*role.mutable_aggregationrule()->add_clusterroleselectors()->mutable_matchlabels())["a"] = "b";
  ExpectJson("rbac.authorization.k8s.io/v1", "ClusterRole", role,
             R"({"metadata":{"name":"r"},
                 "rules":[{"verbs":["get"],"apiGroups":[""],"resources":["secrets"]}],
                 "aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"a":"b"}}]}})");

  kubernetes::RoleBinding binding;
  binding.mutable_metadata()->set_name("b");
  kubernetes::Subject* const ann = binding.add_subjects();
  ann->set_kind("User");
  ann->set_apigroup("rbac.authorization.k8s.io");
  ann->set_name("ann");
  binding.mutable_roleref()->set_apigroup("rbac.authorization.k8s.io");
  binding.mutable_roleref()->set_kind("Role");
  binding.mutable_roleref()->set_name("r");
  ExpectJson("rbac.authorization.k8s.io/v1", "RoleBinding", binding,
             R"({"metadata":{"name":"b"},
                 "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"ann"}],
                 "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"}})");

  kubernetes::SelfSubjectReview self;
  FillAsGo(self.mutable_metadata(), "");
  ExpectJson("authentication.k8s.io/v1", "SelfSubjectReview", self, R"({"metadata":{}})");

  kubernetes::TokenRequest request;
  request.mutable_spec()->add_audiences("vault");
  request.mutable_spec()->set_expirationseconds(600);
  request.mutable_spec()->mutable_boundobjectref()->set_kind("Secret");
  request.mutable_spec()->mutable_boundobjectref()->set_name("s");
  ExpectJson("authentication.k8s.io/v1", "TokenRequest", request,
             R"({"spec":{"audiences":["vault"],"expirationSeconds":600,
                         "boundObjectRef":{"kind":"Secret","name":"s"}}})");
  kubernetes::TokenReview review;
  review.mutable_spec()->set_token("t");
  review.mutable_spec()->add_audiences("vault");
  ExpectJson("authentication.k8s.io/v1", "TokenReview", review,
             R"({"spec":{"token":"t","audiences":["vault"]}})");
}

TEST(ProtobufBody, DeleteOptionsOfEveryGroup) {
  kubernetes::DeleteOptions options;
  options.set_graceperiodseconds(0);
  options.set_orphandependents(false);
  options.set_propagationpolicy("Foreground");
  options.mutable_preconditions()->set_uid("u");
  options.add_dryrun("All");
  for (const char* group : {"v1", "meta.k8s.io/v1", "coordination.k8s.io/v1"}) {
    ExpectJson(group, "DeleteOptions", options,
               R"({"gracePeriodSeconds":0,"orphanDependents":false,
                   "propagationPolicy":"Foreground","preconditions":{"uid":"u"},
                   "dryRun":["All"]})");
  }
}

// As kubectl 1.32 puts `create namespace a` on the wire. The generated classes could be wrong on
// both sides of the tests above; not here.
constexpr char kNamespaceBytes[] =
    "k8s\0"
    "\n\x0f\n\x02v1\x12\tNamespace"
    "\x12\x19"
    "\n\x11\n\x01"
    "a\x12\0\x1a\0\"\0*\0002\0008\0B\0"  // metadata: the name, then what is empty
    "\x12\0"                             // spec
    "\x1a\x02\n\0"                       // status
    "\x1a\0\"\0";

TEST(ProtobufBody, BytesOfKubectl) {
  const std::string body(kNamespaceBytes, sizeof(kNamespaceBytes) - 1);
  const Result<Json> got = DecodeProtobuf(body, kMaxFields);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->dump(), R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"},)"
                         R"("spec":{},"status":{}})");
}

TEST(ProtobufBody, Errors) {
  kubernetes::ConfigMap bad_utf8;
  (*bad_utf8.mutable_data())["k"] = "\xff";
  kubernetes::ConfigMap bad_key;
  (*bad_key.mutable_data())["\xff"] = "v";
  kubernetes::Lease late;
  late.mutable_spec()->mutable_renewtime()->set_seconds(253402300800);
  kubernetes::Lease nanos;
  nanos.mutable_spec()->mutable_renewtime()->set_nanos(-1);
  kubernetes::ConfigMap bad_fields;
  bad_fields.mutable_metadata()->add_managedfields()->mutable_fieldsv1()->set_raw("{");
  kubernetes::Unknown json_inside;
  json_inside.mutable_typemeta()->set_apiversion("v1");
  json_inside.mutable_typemeta()->set_kind("ConfigMap");
  json_inside.set_raw("{}");
  json_inside.set_contenttype("application/json");
  kubernetes::Unknown encoded = json_inside;
  encoded.clear_contenttype();
  encoded.set_contentencoding("gzip");
  const std::string mark("k8s\0", 4);

  struct Case {
    const char* name;
    std::string body;
    Code code;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"empty", "", Code::kBadRequest, "mark"},
      {"no mark", "{}", Code::kBadRequest, "mark"},
      {"a part of the mark", "k8s", Code::kBadRequest, "mark"},
      {"only the mark", mark, Code::kBadRequest, "must name its apiVersion and kind"},
      {"cut envelope", mark + "\x0a\x7f", Code::kBadRequest, "envelope"},
      {"no kind", Enveloped("v1", "", ""), Code::kBadRequest, "apiVersion and kind"},
      {"cut object", Enveloped("v1", "Secret", "\x0a\x7f"), Code::kBadRequest, "kind Secret of v1"},
      {"custom resource", Enveloped("gantry.dev/v1", "Container", ""), Code::kUnsupportedMediaType,
       "kind Container of gantry.dev/v1 is not known as protobuf: send application/json"},
      {"other version", Enveloped("v2", "Secret", ""), Code::kUnsupportedMediaType, "json"},
      {"JSON inside", mark + json_inside.SerializeAsString(), Code::kUnsupportedMediaType,
       "must be protobuf itself"},
      {"an encoding", mark + encoded.SerializeAsString(), Code::kUnsupportedMediaType,
       "without an encoding"},
      {"value not UTF-8", Enveloped("v1", "ConfigMap", bad_utf8.SerializeAsString()),
       Code::kBadRequest, "UTF-8"},
      {"key not UTF-8", Enveloped("v1", "ConfigMap", bad_key.SerializeAsString()),
       Code::kBadRequest, "UTF-8"},
      {"year 10000", Enveloped("coordination.k8s.io/v1", "Lease", late.SerializeAsString()),
       Code::kBadRequest, "years 1 to 9999"},
      {"negative nanos", Enveloped("coordination.k8s.io/v1", "Lease", nanos.SerializeAsString()),
       Code::kBadRequest, "years 1 to 9999"},
      {"managed fields", Enveloped("v1", "ConfigMap", bad_fields.SerializeAsString()),
       Code::kBadRequest, "managed fields"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Result<Json> got = DecodeProtobuf(c.body, kMaxFields);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.code(), c.code);
    EXPECT_NE(got.error().message.find(c.message), std::string::npos) << got.error().message;
  }
}

// Each field of two bytes would become a text of its own.
TEST(ProtobufBody, ManyFieldsAreRefusedBeforeTheyAreRead) {
  const auto decode = [](const std::string& raw) {
    return DecodeProtobuf(Enveloped("v1", "Namespace", raw), kMaxFields);
  };
  kubernetes::Namespace ns;
  ns.mutable_metadata()->set_name("many");
  for (size_t i = 0; i + 3 < kMaxFields; ++i) ns.mutable_spec()->add_finalizers("");
  EXPECT_TRUE(decode(ns.SerializeAsString()).ok());  // metadata, name, spec and these
  ns.mutable_spec()->add_finalizers("");
  const std::string raw = ns.SerializeAsString();
  ASSERT_FALSE(decode(raw).ok());
  EXPECT_EQ(decode(raw).code(), Code::kTooLarge);
  EXPECT_EQ(decode(raw).error().message,
            "Request entity too large: the body has more than 1000 values");
  // Fields that are not known are kept by the library too.
  std::string unknown;
  for (size_t i = 0; i <= kMaxFields; ++i) unknown += std::string("\xf8\x3f\x01", 3);
  EXPECT_EQ(decode(unknown).code(), Code::kTooLarge);
  const std::string group = "\xc3\x3e" + unknown + "\xc4\x3e";
  EXPECT_EQ(decode(group).code(), Code::kTooLarge);
  // What is in a group only looks like the metadata, and does not end the count.
  EXPECT_EQ(decode("\xc3\x3e\x0a\x01\x0f\xc4\x3e" + unknown).code(), Code::kTooLarge);
  const Result<Json> envelope = DecodeProtobuf(std::string("k8s\0", 4) + unknown, kMaxFields);
  EXPECT_EQ(envelope.code(), Code::kTooLarge);
}

}  // namespace
}  // namespace gantry::apiserver
