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

// A set of field paths: `f:name` members, `k:{...}` and `v:...` list items, `.` for the item or map
// itself. Immutable once shared.
class FieldSet;

struct Entry {
  std::string manager;
  std::string operation;    // Update | Apply
  std::string api_version;
  std::string subresource;  // empty, status, scale
  WallTime time;
  std::shared_ptr<const FieldSet> fields;
};

class ManagedFields {
 public:
  // The compact binary form of the record's section; kDataLoss when it does not decode.
  static Result<ManagedFields> Decode(std::string_view bytes);
  std::string Encode() const;
  // The `metadata.managedFields` array; kBadRequest when a client sent a malformed one.
  static Result<ManagedFields> FromJson(const Json& managed_fields);
  Json ToJson() const;

  // Accounts for a write by `who` (fields, time given) that turned `before` (null: create) into
  // `after`: fields that changed or appeared are owned by `who` under its operation Update, and by
  // nobody else any more; fields that vanished are owned by nobody. metadata is tracked except
  // what the system keeps (name, namespace, uid, resourceVersion, generation, creationTimestamp,
  // deletionTimestamp, managedFields, selfLink, deletionGracePeriodSeconds). An entry that becomes
  // empty is dropped; `who`'s time moves only when its set changed. At most 10 entries with
  // operation Update are kept per object; the oldest are merged into `ancient-changes`.
  void TrackUpdate(const schema::Node& root, const Json* before, const Json& after, Entry who);

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace gantry::managedfields
