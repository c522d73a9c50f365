#include "controllers/namespace/namespace_controller.h"

#include <algorithm>
#include <map>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/status.h"
#include "controllers/runtime/discovery.h"
#include "controllers/runtime/status_patch.h"

namespace gantry::ns {
namespace {

using namespace std::chrono_literals;

constexpr char kFinalizer[] = "kubernetes";  // in spec.finalizers, as Kubernetes writes it
constexpr Duration kLookAgain = 1s;

// What a pass over the namespace found still there.
struct Remaining {
  std::map<std::string, int> by_kind;       // `crontabs.stable.example.com` -> objects
  std::map<std::string, int> by_finalizer;  // who holds how many
  std::string discovery_failure;            // what keeps the kinds from being known; empty: none
  std::string failure;                      // of listing or deleting; empty: none

  bool nothing() const { return by_kind.empty() && discovery_failure.empty() && failure.empty(); }
};

std::string Describe(const std::map<std::string, int>& counts, const char* what) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", name, what, count);
  return text;
}

class NamespaceReconciler : public runtime::Reconciler {
 public:
  explicit NamespaceReconciler(runtime::Manager* manager)
      : client_(manager->ClientFor("namespace")),
        namespaces_(manager->InformerFor(v1::kNamespaces)->lister()),
        clock_(manager->clock()) {}

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override {
    const ObjectPtr ns = namespaces_.Get(key);
    if (!ns || !ns->deleting()) return runtime::Requeue::Never();
    if (GetStrings(ns->spec(), "finalizers").empty()) return runtime::Requeue::Never();
    const Remaining left = Empty(ctx, key.name);
    if (left.nothing()) {
      GANTRY_TRY(LetGo(ctx, *ns));
      return runtime::Requeue::Never();
    }
    runtime::StatusPatch patch(client_, v1::kNamespaces, ns, clock_);
    patch.SetCondition("NamespaceDeletionDiscoveryFailure", !left.discovery_failure.empty(),
                       left.discovery_failure.empty() ? "ResourcesDiscovered" : "DiscoveryFailed",
                       left.discovery_failure);
    patch.SetCondition("NamespaceDeletionContentFailure", !left.failure.empty(),
                       left.failure.empty() ? "ContentDeleted" : "ContentDeletionFailed",
                       left.failure);
    patch.SetCondition("NamespaceContentRemaining", !left.by_kind.empty(),
                       left.by_kind.empty() ? "ContentRemoved" : "SomeResourcesRemain",
                       left.by_kind.empty()
                           ? ""
                           : "Some resources are remaining: " + Describe(left.by_kind, "has") +
                                 " resource instances");
    patch.SetCondition(
        "NamespaceFinalizersRemaining", !left.by_finalizer.empty(),
        left.by_finalizer.empty() ? "ContentHasNoFinalizers" : "SomeFinalizersRemain",
        left.by_finalizer.empty() ? ""
                                  : "Some content in the namespace has finalizers remaining: " +
                                        Describe(left.by_finalizer, "in") + " resource instances");
    return patch.Finish(ctx, runtime::Requeue::After(kLookAgain));
  }

 private:
  // One pass: asks for the deletion of everything, and counts what is there.
  Remaining Empty(const Context& ctx, const std::string& ns) const {
    Remaining left;
    const auto resources = runtime::DiscoverResources(ctx, client_);
    if (!resources.ok()) {
      left.discovery_failure = resources.error().message;
      return left;
    }
    for (const runtime::DiscoveredResource& r : *resources) {
      if (!r.resource.namespaced || !r.verbs.contains("list") || !r.verbs.contains("delete"))
        continue;
      const Status emptied = EmptyKind(ctx, r.resource, ns, &left);
      if (!emptied.ok()) {
        left.failure = GroupResource{r.resource.group, r.resource.plural}.ToString() + ": " +
                       emptied.error().message;
      }
    }
    return left;
  }

  Status EmptyKind(const Context& ctx, const client::Resource& kind, const std::string& ns,
                   Remaining* left) const {
    GANTRY_TRY_SET(client::List all, client_.ListAll(ctx, kind, ns, {}));
    if (all.items.empty()) return OkStatus();
    Status deleted = OkStatus();
    if (std::any_of(all.items.begin(), all.items.end(),
                    [](const Object& object) { return !object.deleting(); })) {
      deleted = DeleteAll(ctx, kind, ns);
      GANTRY_TRY_SET(all, client_.ListAll(ctx, kind, ns, {}));
    }
    for (const Object& object : all.items) {
      ++left->by_kind[GroupResource{kind.group, kind.plural}.ToString()];
      for (const std::string& f : object.finalizers()) ++left->by_finalizer[f];
    }
    return deleted;
  }

  // One request, so that the server deletes many at a time.
  Status DeleteAll(const Context& ctx, const client::Resource& kind, const std::string& ns) const {
    client::HttpRequest request;
    request.method = "DELETE";
    request.target = client::ResourcePath(kind, ns, "", "");
    request.headers = {{"Content-Type", "application/json"},
                       {"User-Agent", client_.field_manager()}};
    request.body = DumpJson(
        {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}});
    GANTRY_TRY_SET(const client::HttpResponse answer, client_.transport()->Do(ctx, request));
    if (answer.status < 300 || answer.status == 404) return OkStatus();
    return ErrorFromStatus(answer.status, answer.body).Wrap("delete");
  }

  Status LetGo(const Context& ctx, const Object& ns) const {
    Object released = ns;
    Json kept = Json::array();
    for (const std::string& f : GetStrings(ns.spec(), "finalizers")) {
      if (f != kFinalizer) kept.push_back(f);
    }
    released.mutable_spec()["finalizers"] = std::move(kept);
    client::HttpRequest request;
    request.method = "PUT";
    request.target = client::ResourcePath(v1::kNamespaces, "", ns.name(), "finalize");
    request.headers = {{"Content-Type", "application/json"}};
    request.body = DumpJson(released.json());
    GANTRY_TRY_SET(const client::HttpResponse answer, client_.transport()->Do(ctx, request));
    if (answer.status < 300 || answer.status == 404) return OkStatus();
    return ErrorFromStatus(answer.status, answer.body).Wrap("finalize");
  }

  const client::Client client_;
  const runtime::Lister& namespaces_;
  Clock* const clock_;
};

}  // namespace

void AddNamespaceController(runtime::Manager* manager) {
  runtime::Controller* controller =
      manager->Add("namespace", std::make_unique<NamespaceReconciler>(manager));
  controller->Watch(manager->InformerFor(v1::kNamespaces), runtime::MapSelf());
}

}  // namespace gantry::ns
