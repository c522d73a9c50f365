#include "controllers/garbagecollector/blockers.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/condition.h"

namespace gantry::gc {
namespace {

constexpr char kCondition[] = "DeletionBlocked";
constexpr char kDefinitionCleanup[] = "customresourcecleanup.apiextensions.k8s.io";
constexpr Duration kLookAgain = std::chrono::minutes(1);
constexpr size_t kNamed = 10;

// What the collector or the API server removes by itself, or says more about elsewhere.
bool IsOurs(const GraphNode& node, const std::string& finalizer) {
  return finalizer == kForeground ||
         (node.resource == v1::kCustomResourceDefinitions && finalizer == kDefinitionCleanup);
}

std::string NameOf(const GraphNode& node) {
  const std::string kind = GroupResource{node.resource.group, node.resource.plural}.ToString();
  std::string text = node.key.ns.empty()
                         ? fmt::format("{} {}", kind, node.key.name)
                         : fmt::format("{} {}/{}", kind, node.key.ns, node.key.name);
  if (!node.finalizers.empty())
    text += fmt::format(" (held by {})", fmt::join(node.finalizers, ", "));
  return text;
}

}  // namespace

std::string Blockers::Describe() const {
  std::string text;
  if (!finalizers.empty())
    text = fmt::format("waits for finalizers: {}", fmt::join(finalizers, ", "));
  if (dependents.empty()) return text;
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(dependents.size(), kNamed); ++i)
    names.push_back(NameOf(dependents[i]));
  std::sort(names.begin(), names.end());
  if (dependents.size() > kNamed)
    names.push_back(fmt::format("and {} more", dependents.size() - kNamed));
  return fmt::format("{}{}waits for dependents: {}", text, text.empty() ? "" : "; ",
                     fmt::join(names, ", "));
}

Blockers FindBlockers(const Graph& graph, const GraphNode& node) {
  Blockers blockers;
  for (const std::string& finalizer : node.finalizers) {
    if (!IsOurs(node, finalizer)) blockers.finalizers.push_back(finalizer);
  }
  if (node.HasFinalizer(kForeground)) blockers.dependents = graph.BlockersOf(node.uid);
  return blockers;
}

Result<runtime::Requeue> BlockerReporter::Reconcile(const Context& ctx, const ObjectKey& uid) {
  const std::optional<GraphNode> node = graph_->Find(uid.name);
  if (!node || !node->deleting || FindBlockers(*graph_, *node).empty())
    return runtime::Requeue::Never();
  const auto live = client_.Get(ctx, node->resource, node->key);
  if (!live.ok() && live.code() == Code::kNotFound) return runtime::Requeue::Never();
  if (!live.ok()) return live.error();
  if (live->uid() != node->uid) return runtime::Requeue::Never();

  const Result<WallTime> since = ParseTime(GetString(live->meta(), "deletionTimestamp"));
  const Duration waited = since.ok() ? clock_->Now() - *since : patience_;
  if (waited < patience_) return runtime::Requeue::After(patience_ - waited);
  const std::string message = FindBlockers(*graph_, *node).Describe();
  GANTRY_TRY_SET(const bool written, SetCondition(ctx, *node, *live, message));
  if (!written) {
    Object about = *live;
    about.set_gvk(node->resource.gvk());
    events_->Record(about, runtime::EventType::kWarning, kCondition, "deletion " + message);
  }
  return runtime::Requeue::After(kLookAgain);
}

Result<bool> BlockerReporter::SetCondition(const Context& ctx, const GraphNode& node,
                                           const Object& live, const std::string& message) {
  Json status = live.status().is_object() ? live.status() : Json::object();
  gantry::SetCondition(&status,
                       {kCondition, "True", "Waiting", "deletion " + message, live.generation()},
                       clock_->Now());
  if (GetAny(status, "conditions") == GetAny(live.status(), "conditions")) return true;
  const Json patch = {{"metadata", {{"resourceVersion", live.resource_version()}}},
                      {"status", {{"conditions", GetAny(status, "conditions")}}}};
  client::WriteOptions options;
  options.field_validation = "Strict";  // a kind without conditions would drop them in silence
  const auto patched = client_.Patch(ctx, node.resource, node.key, client::PatchType::kMerge, patch,
                                     "status", options);
  if (patched.ok()) return true;
  switch (patched.code()) {
    case Code::kNotFound:
    case Code::kMethodNotAllowed:
    case Code::kInvalid:
    case Code::kBadRequest: return false;
    default: return patched.error();
  }
}

}  // namespace gantry::gc
