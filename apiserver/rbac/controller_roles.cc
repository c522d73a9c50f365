#include "apiserver/rbac/default_builder.h"

namespace gantry::apiserver::rbac {
namespace {

constexpr char kGantry[] = "gantry.dev";
constexpr char kToControllers[] = "rbac.gantry.dev/aggregate-to-controllers";

Rule Events() { return On("", {"events"}, {"create", "patch"}); }
// A controller asks for an object anew, and writes what it saw.
Rule StatusOf(Texts resources) { return On(kGantry, std::move(resources), {"patch", "update"}); }

}  // namespace

// Each controller is a user, `system:gantry:controller:<name>`, with a role
// `system:controller:<name>`. What it only watches is read by the informers, which all controllers
// of a process share.
void AddControllerRoles(DefaultBuilder* b) {
  const auto add = [b](const std::string& name, const Rules& rules) {
    b->Role("system:controller:" + name, rules, {kToControllers});
    b->BindUser("system:controller:" + name, "system:gantry:controller:" + name);
  };
  add("informers",
      {On(kGantry,
          {"applicationrevisions", "applications", "clusters", "containers", "nodes",
           "servicerevisions", "services", "volumes"},
          {"list", "watch"}),
       On("", {"configmaps", "namespaces", "resourcequotas", "secrets"}, {"list", "watch"}),
       On("apiextensions.k8s.io", {"customresourcedefinitions"}, {"list", "watch"})});
  add("elector", {On("coordination.k8s.io", {"leases"}, {"create", "get", "patch", "update"})});
  // These two work on kinds that nobody knows beforehand.
  add("garbagecollector",
      {On("*", {"*"}, {"delete", "get", "list", "patch", "update", "watch"}), Events()});
  add("namespace", {On("", {"namespaces"}, {"get", "list", "watch"}),
                    On("", {"namespaces/finalize", "namespaces/status"}, {"patch", "update"}),
                    On("*", {"*"}, {"delete", "deletecollection", "get", "list"})});
  add("cluster", {On(kGantry, {"clusters"}, {"create", "get", "patch", "update"}),
                  StatusOf({"clusters/status"}), Events()});
  add("node", {On(kGantry, {"nodes"}, {"get", "patch", "update"}), StatusOf({"nodes/status"}),
               On("", {"secrets"}, {"get"}), Events()});
  add("scheduler", {On(kGantry, {"containers"}, {"get", "patch", "update"}),
                    StatusOf({"containers/status"}), Events()});
  add("container",
      {On(kGantry, {"containers", "servicerevisions", "volumes"}, {"get", "patch", "update"}),
       StatusOf({"containers/status", "volumes/status"}),
       On("", {"configmaps", "namespaces", "secrets"}, {"get"}), Events()});
  add("volume", {On(kGantry, {"volumes"}, {"get", "patch", "update"}), StatusOf({"volumes/status"}),
                 Events()});
  add("resourcequota", {On("", {"resourcequotas/status"}, {"patch", "update"}), Events()});
  add("service", {On(kGantry, {"services"}, {"get", "patch", "update"}),
                  On(kGantry, {"containers", "servicerevisions"},
                     {"create", "delete", "get", "patch", "update"}),
                  StatusOf({"services/status"}), Events()});
  add("application",
      {On(kGantry, {"applications"}, {"get", "patch", "update"}),
       On(kGantry, {"applicationrevisions", "services", "volumes"},
          {"create", "delete", "get", "patch", "update"}),
       StatusOf({"applications/status"}), On("", {"configmaps"}, {"get"}),
       On("", {"secrets"}, {"create", "delete", "get", "patch", "update"}), Events()});
  // A process of its own for any of them has one certificate.
  b->Aggregate("system:gantry:controller-manager", {kToControllers});
  b->BindUser("system:gantry:controller-manager", "system:gantry:controller-manager");
}

}  // namespace gantry::apiserver::rbac
