#include "apis/machinery/managedfields/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apis/machinery/managedfields/compare.h"
#include "apis/machinery/managedfields/elements.h"
#include "apis/machinery/managedfields/last_applied.h"
#include "apis/machinery/managedfields/structure.h"
#include "apis/machinery/meta/object.h"

namespace gantry::managedfields {
namespace {

using schema::Node;

constexpr char kBeforeFirstApply[] = "before-first-apply";
// The one manager that is known to have been a client-side applier before.
constexpr char kKubectl[] = "kubectl";

bool IsSelf(const Entry& e, const Entry& who) {
  return e.operation == kApply && e.manager == who.manager && e.subresource == who.subresource;
}

// What no manager owns, whoever states it.
const FieldSetPtr& SystemFields() {
  static const auto* const set = [] {
    std::vector<FieldSet::Child> metadata;
    for (const std::string& key : SystemMetadata())
      metadata.push_back({FieldElement(key), true, nullptr});
    return new FieldSetPtr(FieldSet::Make({{"f:apiVersion", true, nullptr},
                                           {"f:kind", true, nullptr},
                                           {"f:metadata", true, FieldSet::Make(metadata)}}));
  }();
  return *set;
}

// A conflict with one manager, over one or more fields.
struct Dispute {
  std::string manager;  // as messages name it
  FieldSetPtr fields;
};

std::string DisplayManager(const Entry& e) {
  std::string out = DumpJson(e.manager);
  if (!e.subresource.empty()) out += " with subresource " + DumpJson(e.subresource);
  if (e.operation == kUpdate) out += " using " + e.api_version;
  return out;
}

Error ConflictOf(std::vector<Dispute> disputes) {
  std::stable_sort(disputes.begin(), disputes.end(),
                   [](const Dispute& a, const Dispute& b) { return a.manager < b.manager; });
  ErrorDetails details;
  std::string list;
  for (const Dispute& d : disputes) {
    list += fmt::format("{}conflicts with {}:", list.empty() ? "" : "\n", d.manager);
    for (const auto& path : Paths(d.fields)) {
      const std::string field = DisplayPath(path);
      list += "\n- " + field;
      details.causes.push_back({"FieldManagerConflict", "conflict with " + d.manager, field});
    }
  }
  const size_t count = details.causes.size();
  std::string message = count == 1 ? fmt::format("Apply failed with 1 conflict: {}: {}",
                                                 details.causes[0].message, details.causes[0].field)
                                   : fmt::format("Apply failed with {} conflicts: {}", count, list);
  return Error(Code::kConflict, std::move(message), std::move(details));
}

// One apply, from its inputs to its results.
class Merger {
 public:
  Merger(const Node& root, const Json* live, const ApplyRequest& request)
      : root_(root), live_(live), request_(request) {}

  Result<Applied> Run(const ManagedFields& managed, bool force) {
    Split(managed);
    const FieldSetPtr stated = ConfiguredFields(root_, request_.config);
    Json object =
        live_ ? MergeConfiguration(root_, *live_, request_.config) : Json(request_.config);
    GANTRY_TRY_SET(object, WithoutDropped(std::move(object), stated));

    std::vector<Dispute> disputes;
    std::map<std::string, Comparison> writes;  // by version
    for (Entry& e : others_) {
      if (!writes.contains(e.api_version)) {
        GANTRY_TRY_SET(writes[e.api_version], CompareIn(e.api_version, object));
      }
      const Comparison& write = writes[e.api_version];
      FieldSetPtr disputed = Intersection(e.fields, write.changed);
      if (disputed && !force) disputes.push_back({DisplayManager(e), disputed});
      e.fields = RecursiveDifference(Difference(e.fields, disputed), write.removed);
    }
    if (!disputes.empty()) {
      disputed_ = nullptr;
      for (const Dispute& d : disputes) disputed_ = Union(disputed_, d.fields);
      return ConflictOf(std::move(disputes));
    }

    Entry self = request_.who;
    self.operation = kApply;
    self.fields = Difference(stated, SystemFields());
    const bool same = last_ && Equal(last_->fields, self.fields) &&
                      last_->api_version == self.api_version && live_ && object == *live_;
    if (same) self.time = last_->time;
    std::vector<Entry> entries = std::move(others_);
    entries.push_back(std::move(self));
    return Applied{std::move(object), ManagedFields(std::move(entries))};
  }

  // The fields in conflict, when Run failed for that.
  const FieldSetPtr& disputed() const { return disputed_; }

 private:
  void Split(const ManagedFields& managed) {
    others_.clear();
    last_.reset();
    for (Entry e : managed.entries()) {
      const Node* const root = RootOf(e.api_version);
      if (root != nullptr) e.fields = FitToSchema(*root, e.fields);
      if (IsSelf(e, request_.who)) {
        // What was stated in a version that is gone cannot be compared, and so is not removed.
        if (root != nullptr) last_ = std::move(e);
      } else if (root != nullptr) {
        others_.push_back(std::move(e));
      }
    }
  }

  // Null: the version is gone.
  const Node* RootOf(const std::string& version) const {
    if (request_.versions == nullptr || version == request_.who.api_version) return &root_;
    return request_.versions->Root(version);
  }

  Result<Json> In(const std::string& version, const Json& object) const {
    if (request_.versions == nullptr || GetString(object, "apiVersion") == version) return object;
    return request_.versions->Convert(object, version);
  }

  // What becomes of the live object, as a version sees it.
  Result<Comparison> CompareIn(const std::string& version, const Json& object) const {
    if (live_ == nullptr || version == request_.who.api_version || request_.versions == nullptr) {
      return Compare(root_, live_, object);
    }
    GANTRY_TRY_SET(const Json before, In(version, *live_));
    GANTRY_TRY_SET(const Json after, In(version, object));
    return Compare(*RootOf(version), &before, after);
  }

  // Removes what was stated last time, is not stated now, and is not owned by others either.
  Result<Json> WithoutDropped(Json merged, const FieldSetPtr& stated) const {
    if (!last_) return merged;
    const std::string& here = request_.who.api_version;
    const std::string& there = last_->api_version;  // what was stated has its names there
    std::map<std::string, FieldSetPtr> owned;
    owned[there] = nullptr;
    owned[here] = stated;
    for (const Entry& e : others_) owned[e.api_version] = Union(owned[e.api_version], e.fields);
    const Node& root = *RootOf(there);
    const FieldSetPtr last = WithNamedParents(root, last_->fields);
    if (owned.size() == 1 && !Difference(last, Kept(root, owned[here]))) return merged;

    GANTRY_TRY_SET(Json whole, In(there, merged));
    const FieldSetPtr all = Everything(root, whole);
    // First as if all of it went, then with what is owned, then only what was ours.
    Json rest = RemoveFields(root, whole, last);
    GANTRY_TRY(PutBack(there, owned[there], &whole, &rest));
    for (const auto& [version, fields] : owned) {
      if (version != there) GANTRY_TRY(PutBack(version, fields, &whole, &rest));
    }
    GANTRY_TRY_SET(rest, In(there, rest));
    const FieldSetPtr gone = Intersection(Difference(all, Everything(root, rest)), last);
    if (!gone) return merged;
    GANTRY_TRY_SET(whole, In(there, merged));
    return In(here, RemoveFields(root, whole, gone));
  }

  // Restores in *rest what *whole has and somebody owns; both are in `version` then.
  Status PutBack(const std::string& version, const FieldSetPtr& owned, Json* whole,
                 Json* rest) const {
    const Node& root = *RootOf(version);
    GANTRY_TRY_SET(*whole, In(version, *whole));
    GANTRY_TRY_SET(*rest, In(version, *rest));
    const FieldSetPtr lost = Difference(Everything(root, *whole), Everything(root, *rest));
    *rest = RemoveFields(root, *whole, Difference(lost, Kept(root, owned)));
    return OkStatus();
  }

  static FieldSetPtr Kept(const Node& root, const FieldSetPtr& owned) {
    return WithNamedParents(root, Union(owned, SystemFields()));
  }
  static FieldSetPtr Everything(const Node& root, const Json& object) {
    return WithNamedParents(root, ConfiguredFields(root, object));
  }

  const Node& root_;
  const Json* const live_;
  const ApplyRequest& request_;
  std::vector<Entry> others_;
  std::optional<Entry> last_;
  FieldSetPtr disputed_;
};

std::string Describe(const Json& config) {
  const Object object(config);
  const GroupVersionKind gvk = object.gvk();
  return fmt::format("{}/{}; {}/{}, Kind={}", object.ns(), object.name(), gvk.group, gvk.version,
                     gvk.kind);
}

}  // namespace

Result<Applied> Apply(const Node& root, const Json* live, const ManagedFields& managed,
                      const ApplyRequest& request) {
  if (const std::string faults = FindFaults(root, request.config); !faults.empty()) {
    return Error(Code::kBadRequest, fmt::format("failed to create typed patch object ({}): {}",
                                                Describe(request.config), faults));
  }
  ManagedFields before = managed;
  if (live != nullptr && before.entries().empty()) {
    Entry unknown = request.who;
    unknown.manager = kBeforeFirstApply;
    before.TrackUpdate(root, nullptr, *live, std::move(unknown));
  }
  Merger merger(root, live, request);
  Result<Applied> applied = merger.Run(before, request.force);
  if (request.who.manager != kKubectl) return applied;
  if (!applied.ok() && live != nullptr) {
    const FieldSetPtr own = LastAppliedFields(root, *live);
    if (Difference(merger.disputed(), own)) return applied;
    applied = merger.Run(before, true);
  }
  if (applied.ok()) UpdateLastApplied(request.config, &applied->object);
  return applied;
}

}  // namespace gantry::managedfields
