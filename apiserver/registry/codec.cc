#include "apiserver/registry/codec.h"

#include "apiserver/registry/field_tracking.h"

namespace gantry::apiserver {
namespace {

void ConvertTo(const schema::Definition& definition, const schema::Version& version, Json* object) {
  (*object)["apiVersion"] = GroupVersion{definition.group, version.name}.ToString();
  version.schema->Prune(object, nullptr);
  version.schema->Default(object);
}

std::vector<std::pair<std::string, std::string>> SelectableFields(const schema::Version& version,
                                                                  const Json& object) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const schema::JsonPath& path : version.selectable_fields) {
    std::string value = path.FindText(object);
    if (!value.empty()) fields.emplace_back(FieldLabel(path), std::move(value));
  }
  return fields;
}

Result<std::string> Encode(const schema::Definition& definition, uint64_t epoch, const Json& object,
                           std::string managed) {
  const schema::Version& storage = definition.StorageVersion();
  RecordInput input;
  input.version = storage.name;
  input.epoch = epoch;
  input.fields = SelectableFields(storage, object);
  input.managed = std::move(managed);
  std::string record = EncodeRecord(object, input);
  if (record.size() > store::kMaxValueBytes) {
    return Error(Code::kTooLarge, fmt::format("the object has {} bytes; at most {} are allowed",
                                              record.size(), store::kMaxValueBytes));
  }
  return record;
}

}  // namespace

std::string FieldLabel(const schema::JsonPath& path) {
  const std::string& text = path.text();
  const size_t from = text.find_first_not_of("{.");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of('}') - from + 1);
}

Result<std::string> EncodeObject(const Target& target, const Json& object, std::string managed) {
  const schema::Definition& definition = target.def();
  if (target.is_storage_version()) {
    return Encode(definition, target.kind->epoch, object, std::move(managed));
  }
  Json converted = object;
  ConvertTo(definition, definition.StorageVersion(), &converted);
  return Encode(definition, target.kind->epoch, converted, std::move(managed));
}

Result<Json> DecodeEntry(const Target& target, const Entry& entry) {
  GANTRY_TRY_SET(Json object, entry.Decode());
  if (!target.is_storage_version()) ConvertTo(target.def(), *target.version, &object);
  return object;
}

Result<std::shared_ptr<const std::string>> WireForm(const Target& target, const Entry& entry) {
  if (target.is_storage_version()) return entry.Wire();
  GANTRY_TRY_SET(Json object, DecodeEntry(target, entry));
  if (const std::string managed = RenderManagedFields(entry.header().managed); !managed.empty()) {
    GANTRY_TRY_SET(object["metadata"]["managedFields"], ParseJson(managed));
  }
  return std::make_shared<const std::string>(DumpJson(object));
}

Result<std::string> Reencode(const std::shared_ptr<const schema::Definition>& definition,
                             uint64_t epoch, std::string_view record) {
  GANTRY_TRY_SET(const RecordHeader header, DecodeHeader(record));
  GANTRY_TRY_SET(Json object, DecodeObject(record.substr(header.size), 0));
  ConvertTo(*definition, definition->StorageVersion(), &object);
  return Encode(*definition, epoch, object, std::string(header.managed));
}

}  // namespace gantry::apiserver
