#include "apiserver/rbac/bootstrap.h"

#include <algorithm>

#include "apis/machinery/meta/object.h"
#include "apiserver/rbac/default_builder.h"
#include "apiserver/rbac/rules.h"

namespace gantry::apiserver::rbac {
namespace {

constexpr char kToView[] = "rbac.authorization.k8s.io/aggregate-to-view";
constexpr char kToEdit[] = "rbac.authorization.k8s.io/aggregate-to-edit";
constexpr char kToAdmin[] = "rbac.authorization.k8s.io/aggregate-to-admin";
constexpr char kToReadOnly[] = "rbac.gantry.dev/aggregate-to-read-only";
constexpr char kToReadWrite[] = "rbac.gantry.dev/aggregate-to-read-write";

const Texts kRead = {"get", "list", "watch"};
const Texts kWrite = {"create", "delete", "deletecollection", "patch", "update"};
const Texts kAllVerbs = {"create", "delete", "deletecollection", "get",
                         "list",   "patch",  "update",           "watch"};

// Who may look, and who may do things, in a namespace.
void AddNamespaceRoles(DefaultBuilder* b) {
  b->Role("system:aggregate-to-view",
          {On("gantry.dev",
              {"applicationrevisions", "applications", "applications/status", "containers",
               "containers/log", "containers/status", "servicerevisions", "servicerevisions/status",
               "services", "services/scale", "services/status", "templates", "volumes",
               "volumes/status"},
              kRead),
           On("",
              {"configmaps", "events", "namespaces", "namespaces/status", "resourcequotas",
               "resourcequotas/status", "serviceaccounts"},
              kRead)},
          {kToView});
  b->Role("system:aggregate-to-edit",
          {On("gantry.dev", {"containers/attach", "containers/exec"}, {"create", "get"}),
           On("gantry.dev",
              {"applications", "containers", "services", "services/scale", "templates", "volumes"},
              kWrite),
           On("", {"secrets"}, kRead), On("", {"serviceaccounts"}, {"impersonate"}),
           On("", {"configmaps", "secrets", "serviceaccounts"}, kWrite),
           On("", {"serviceaccounts/token"}, {"create"}),
           On("", {"events"}, {"create", "patch", "update"}),
           On("coordination.k8s.io", {"leases"}, kAllVerbs)},
          {kToEdit});
  b->Role("system:aggregate-to-admin",
          {On("authorization.k8s.io", {"localsubjectaccessreviews"}, {"create"}),
           On(kGroup, {"rolebindings", "roles"}, kAllVerbs)},
          {kToAdmin});
  b->Aggregate("view", {kToView}, {kToEdit, kToReadOnly});
  b->Aggregate("edit", {kToEdit}, {kToAdmin, kToReadWrite});
  b->Aggregate("admin", {kToAdmin});
}

// The same for the whole installation: what view and edit give, and its hosts.
void AddInstallationRoles(DefaultBuilder* b) {
  b->Role("gantry:infrastructure-view",
          {On("gantry.dev", {"clusters", "clusters/status", "nodes", "nodes/status"}, kRead),
           On("apiextensions.k8s.io", {"customresourcedefinitions"}, kRead)},
          {kToReadOnly, kToReadWrite});
  b->Role("gantry:infrastructure-edit",
          {On("gantry.dev", {"clusters", "nodes"}, kWrite), On("", {"namespaces"}, kWrite)},
          {kToReadWrite});
  b->Aggregate("gantry:read-only", {kToReadOnly});
  b->Aggregate("gantry:read-write", {kToReadWrite});
}

void AddSystemRoles(DefaultBuilder* b) {
  b->Role("cluster-admin", EverythingRules());
  b->Role("system:discovery",
          {Paths({"/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi",
                  "/openapi/*", "/readyz", "/version", "/version/"})});
  b->Role("system:basic-user",
          {On("authorization.k8s.io", {"selfsubjectaccessreviews", "selfsubjectrulesreviews"},
              {"create"}),
           On("authentication.k8s.io", {"selfsubjectreviews"}, {"create"})});
  b->Role("system:public-info-viewer",
          {Paths({"/healthz", "/livez", "/readyz", "/version", "/version/"})});
  b->Role("system:monitoring", {Paths({"/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics",
                                       "/readyz", "/readyz/*"})});
  Rule approve = On("certificates.k8s.io", {"signers"}, {"approve"});
  approve.resource_names = {"kubernetes.io/kube-apiserver-client"};
  b->Role("system:certificates.k8s.io:kube-apiserver-client-approver", {approve});
  b->Role("system:auth-delegator",
          {On("authorization.k8s.io", {"subjectaccessreviews"}, {"create"}),
           On("authentication.k8s.io", {"tokenreviews"}, {"create"})});
  b->Role("system:service-account-issuer-discovery",
          {Paths({"/.well-known/openid-configuration", "/.well-known/openid-configuration/",
                  "/openid/v1/jwks", "/openid/v1/jwks/"})});
  const char* const everybody = "system:authenticated";
  // Templates that come with Gantry.
  b->RoleIn("gantry-system", "gantry:samples", {On("gantry.dev", {"templates"}, kRead)},
            {everybody});
  b->Bind("cluster-admin", {"system:masters"});
  b->Bind("system:discovery", {everybody});
  b->Bind("system:basic-user", {everybody});
  b->Bind("system:public-info-viewer", {everybody, "system:unauthenticated"});
  b->Bind("system:monitoring", {"system:monitoring"});
  b->Bind("system:service-account-issuer-discovery", {"system:serviceaccounts"});
}

// Adds the members of `wanted` that `*have` lacks.
void AddMissing(Json* have, const Json& wanted) {
  if (!have->is_array()) *have = Json::array();
  for (const Json& item : wanted) {
    if (std::find(have->begin(), have->end(), item) == have->end()) have->push_back(item);
  }
}

}  // namespace

const std::vector<Default>& Defaults() {
  static const auto* const all = [] {
    DefaultBuilder b;
    AddSystemRoles(&b);
    AddNamespaceRoles(&b);
    AddInstallationRoles(&b);
    AddControllerRoles(&b);
    return new std::vector<Default>(b.Take());
  }();
  return *all;
}

std::optional<Json> Reconciled(const Json& stored, const Json& wanted) {
  const Json& meta = GetObject(stored, "metadata");
  if (GetString(GetObject(meta, "annotations"), kAutoUpdate) == "false") return std::nullopt;
  Json result = stored;
  for (const char* map : {"labels", "annotations"}) {
    for (const auto& [key, value] : GetObject(wanted["metadata"], map).items()) {
      Json& all = result["metadata"][map];
      if (!all.contains(key)) all[key] = value;
    }
  }
  if (wanted.contains("aggregationRule")) {
    AddMissing(&result["aggregationRule"]["clusterRoleSelectors"],
               wanted["aggregationRule"]["clusterRoleSelectors"]);
  } else if (wanted.contains("rules")) {
    const Rules missing =
        Uncovered(RulesFromJson(GetAny(stored, "rules")), RulesFromJson(wanted["rules"]));
    for (const Rule& rule : Compact(missing)) result["rules"].push_back(RuleToJson(rule));
  }
  if (wanted.contains("subjects")) AddMissing(&result["subjects"], wanted["subjects"]);
  if (wanted.contains("roleRef")) result["roleRef"] = wanted["roleRef"];
  if (result == stored) return std::nullopt;
  return result;
}

}  // namespace gantry::apiserver::rbac
