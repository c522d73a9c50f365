#pragma once

#include "apis/machinery/meta/object.h"
#include "apiserver/registry/kind.h"
#include "apiserver/storage/entry.h"

// Between documents of a served version and records in the storage version. Conversion is
// Kubernetes' strategy None: another apiVersion, the other version's defaults and pruning.
namespace gantry::apiserver {

// The record of `object`, which is in the version of `target`. kTooLarge above the store's limit.
Result<std::string> EncodeObject(const Target& target, const Json& object, std::string managed);

// The object of an entry in the version of `target`; with resourceVersion, without managedFields.
Result<Json> DecodeEntry(const Target& target, const Entry& entry);

// Bytes for the wire in the version of `target`: shared when it is the storage version.
Result<std::shared_ptr<const std::string>> WireForm(const Target& target, const Entry& entry);

// The name of a selectable field in a field selector: `.spec.nodeName` is `spec.nodeName`.
std::string FieldLabel(const schema::JsonPath& path);

// Rewrites a record that was made with another schema of the same kind.
Result<std::string> Reencode(const std::shared_ptr<const schema::Definition>& definition,
                             uint64_t epoch, std::string_view record);

}  // namespace gantry::apiserver
