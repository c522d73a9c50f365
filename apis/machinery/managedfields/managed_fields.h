#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/schema/schema.h"

// metadata.managedFields: who set which field (kubernetes.io/docs, "Field Management"). Kept as
// shared field sets (tries), rendered to `fieldsV1` only when an object is encoded.
namespace gantry::managedfields {

class Versions;

// A set of field paths (field_set.h). Immutable once shared; null is the empty set.
class FieldSet;

// Operations of an entry.
inline constexpr char kUpdate[] = "Update";
inline constexpr char kApply[] = "Apply";

struct Entry {
  std::string manager;
  std::string operation;  // kUpdate | kApply
  std::string api_version;
  std::string subresource;  // empty, status, scale
  WallTime time;            // whole seconds; the epoch: none
  std::shared_ptr<const FieldSet> fields;
};

// Entries are ordered as Kubernetes does: by operation, time, manager, version, subresource. Not
// thread-safe; copies are cheap and independent.
class ManagedFields {
 public:
  ManagedFields() = default;
  // Entries without fields are dropped, and there are never more updaters than may be.
  explicit ManagedFields(std::vector<Entry> entries);

  // The compact binary form of the record's section; kDataLoss when it does not decode.
  static Result<ManagedFields> Decode(std::string_view bytes);
  std::string Encode() const;
  // The `metadata.managedFields` array; kBadRequest when a client sent a malformed one.
  static Result<ManagedFields> FromJson(const Json& managed_fields);
  Json ToJson() const;

  // ToJson as text, without the detour by documents.
  std::string ToJsonText() const;

  // Accounts for a write by `who` (its `fields` do not matter) that turned `before` (null: create)
  // into `after`: fields that changed or appeared are owned by `who` under its operation Update,
  // and by nobody else any more; fields that vanished are owned by nobody. metadata is tracked
  // except what the system keeps (name, namespace, uid, resourceVersion, generation,
  // creationTimestamp, deletionTimestamp, managedFields, selfLink, deletionGracePeriodSeconds). An
  // entry that becomes empty is dropped; `who`'s time moves when it changed or added a field, or
  // removed one of its own. A write that changes nothing leaves everything as it is. At most 10
  // entries with operation Update are kept per object; the oldest are merged into
  // `ancient-changes`, one per version. Entries of other versions than `who`'s are compared in
  // their own by `versions`; without them, or when a conversion fails, by the names of this one.
  void TrackUpdate(const schema::Node& root, const Json* before, const Json& after, Entry who,
                   const Versions* versions = nullptr);

  const std::vector<Entry>& entries() const { return entries_; }
  // Whether both say the same of everything but times.
  bool SameButTimes(const ManagedFields& other) const;

 private:
  void MergeOldest();
  void Tidy();

  std::vector<Entry> entries_;
};

}  // namespace gantry::managedfields
