#pragma once

#include "apis/machinery/meta/object.h"
#include "apiserver/registry/kind.h"
#include "apiserver/storage/entry.h"

// Between documents of a served version and records. A record is in the version that was the
// storage version when it was written, under the schema that this version has today. Conversion is
// Kubernetes' strategy None (another apiVersion, the other version's defaults and pruning), or a
// webhook's: for a kind with a converter, all but Reencode may block.
namespace gantry::apiserver {

// The record of `object`, which is in the version of `target`, in the storage version. kTooLarge
// above the store's limit.
Result<std::string> EncodeObject(const Target& target, const Json& object, std::string managed);

// The same, in the version of `target`.
Result<std::string> EncodeAsIs(const Target& target, const Json& object, std::string managed);

// The object of an entry in the version of `target`; with resourceVersion, without managedFields.
Result<Json> DecodeEntry(const Target& target, const Entry& entry);

// Bytes for the wire in the version of `target`: shared when the entry is in that version.
Result<std::shared_ptr<const std::string>> WireForm(const Target& target, const Entry& entry);
// Appends the same and keeps nothing; nothing is appended after an error.
Status AppendWireForm(const Target& target, const Entry& entry, std::string* out);

// Whether only a webhook can show the entry in the version of `target`.
bool NeedsWebhook(const Target& target, const Entry& entry);
// The entries, in the version of `target`, at their revisions; a webhook is asked once for all.
Result<std::vector<EntryPtr>> ShowEntries(const Target& target, std::vector<EntryPtr> entries,
                                          const ManagedRenderer* render);

// The object in version `to`, for comparing who owns what: a webhook is asked; without one, fields
// have the same names in all versions, and nothing is pruned or defaulted.
Result<Json> ConvertForOwnership(const Kind& kind, const schema::Version& to, Json object);

// The name of a selectable field in a field selector: `.spec.nodeName` is `spec.nodeName`.
std::string FieldLabel(const schema::JsonPath& path);
// The paths that any version selects by, each once.
std::vector<std::string> SelectablePaths(const schema::Definition& definition);

// Whether the record was made with today's schema of its version.
bool Fits(const Kind& kind, const RecordHeader& header);
// Rewrites a record under today's schema of its version; under that of the storage version, when
// its own is gone.
Result<std::string> Reencode(const Kind& kind, std::string_view record);

}  // namespace gantry::apiserver
