#include "apiserver/registry/codec.h"

#include "apiserver/conversion/converter.h"
#include "apiserver/registry/field_tracking.h"

namespace gantry::apiserver {
namespace {

void ConvertTo(const schema::Definition& definition, const schema::Version& version, Json* object) {
  (*object)["apiVersion"] = GroupVersion{definition.group, version.name}.ToString();
  version.schema->Prune(object, nullptr);
  version.schema->Default(object);
}

// The objects, none of which is in the version `to`, in that version.
Status ConvertAll(const Kind& kind, const schema::Version& to, std::vector<Json>* objects) {
  if (kind.converter) {
    GANTRY_TRY_SET(*objects, kind.converter->Convert(std::move(*objects),
                                                     GroupVersion{kind.def().group, to.name}));
  }
  for (Json& object : *objects) ConvertTo(kind.def(), to, &object);
  return OkStatus();
}

Result<Json> Convert(const Kind& kind, const schema::Version& to, Json object) {
  std::vector<Json> one;
  one.push_back(std::move(object));
  GANTRY_TRY(ConvertAll(kind, to, &one));
  return std::move(one.front());
}

// Of all versions, so that each can be selected by its own.
std::vector<std::pair<std::string, std::string>> SelectableFields(
    const schema::Definition& definition, const Json& object) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const schema::Version& version : definition.versions) {
    for (const schema::JsonPath& path : version.selectable_fields) {
      std::string label = FieldLabel(path);
      const bool known = std::any_of(fields.begin(), fields.end(),
                                     [&](const auto& field) { return field.first == label; });
      if (known) continue;
      std::string value = path.FindText(object);
      if (!value.empty()) fields.emplace_back(std::move(label), std::move(value));
    }
  }
  return fields;
}

Result<std::string> Encode(const Kind& kind, const schema::Version& version, const Json& object,
                           std::string managed) {
  RecordInput input;
  input.version = version.name;
  input.epoch = kind.EpochOf(version.name);
  input.fields = SelectableFields(kind.def(), object);
  input.managed = std::move(managed);
  std::string record = EncodeRecord(object, input);
  if (record.size() > store::kMaxValueBytes) {
    return Error(Code::kTooLarge, fmt::format("the object has {} bytes; at most {} are allowed",
                                              record.size(), store::kMaxValueBytes));
  }
  return record;
}

}  // namespace

Result<Json> ConvertForOwnership(const Kind& kind, const schema::Version& to, Json object) {
  if (kind.converter) return Convert(kind, to, std::move(object));
  object["apiVersion"] = GroupVersion{kind.def().group, to.name}.ToString();
  return object;
}

std::string FieldLabel(const schema::JsonPath& path) {
  const std::string& text = path.text();
  const size_t from = text.find_first_not_of("{.");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of('}') - from + 1);
}

std::vector<std::string> SelectablePaths(const schema::Definition& definition) {
  std::vector<std::string> paths;
  for (const schema::Version& version : definition.versions) {
    for (const schema::JsonPath& path : version.selectable_fields) {
      if (std::find(paths.begin(), paths.end(), path.text()) == paths.end()) {
        paths.push_back(path.text());
      }
    }
  }
  return paths;
}

Result<std::string> EncodeObject(const Target& target, const Json& object, std::string managed) {
  const schema::Version& storage = target.def().StorageVersion();
  if (target.is_storage_version()) {
    return Encode(*target.kind, storage, object, std::move(managed));
  }
  GANTRY_TRY_SET(const Json converted, Convert(*target.kind, storage, object));
  return Encode(*target.kind, storage, converted, std::move(managed));
}

Result<std::string> EncodeAsIs(const Target& target, const Json& object, std::string managed) {
  return Encode(*target.kind, *target.version, object, std::move(managed));
}

Result<Json> DecodeEntry(const Target& target, const Entry& entry) {
  GANTRY_TRY_SET(Json object, entry.Decode());
  if (entry.version() == target.version->name) return object;
  return Convert(*target.kind, *target.version, std::move(object));
}

Result<std::shared_ptr<const std::string>> WireForm(const Target& target, const Entry& entry) {
  if (entry.version() == target.version->name) return entry.Wire();
  GANTRY_TRY_SET(Json object, DecodeEntry(target, entry));
  if (const std::string managed = RenderManagedFields(entry.header().managed); !managed.empty()) {
    GANTRY_TRY_SET(object["metadata"]["managedFields"], ParseJson(managed));
  }
  return std::make_shared<const std::string>(DumpJson(object));
}

Status AppendWireForm(const Target& target, const Entry& entry, std::string* out) {
  if (entry.version() == target.version->name) {
    entry.AppendWire(out);
    return OkStatus();
  }
  GANTRY_TRY_SET(const std::shared_ptr<const std::string> wire, WireForm(target, entry));
  *out += *wire;
  return OkStatus();
}

bool NeedsWebhook(const Target& target, const Entry& entry) {
  return target.kind->converter != nullptr && entry.version() != target.version->name;
}

Result<std::vector<EntryPtr>> ShowEntries(const Target& target, std::vector<EntryPtr> entries,
                                          const ManagedRenderer* render) {
  std::vector<size_t> places;
  std::vector<Json> objects;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i]->version() == target.version->name) continue;
    GANTRY_TRY_SET(Json object, entries[i]->Decode());
    places.push_back(i);
    objects.push_back(std::move(object));
  }
  if (places.empty()) return entries;
  GANTRY_TRY(ConvertAll(*target.kind, *target.version, &objects));
  for (size_t i = 0; i < places.size(); ++i) {
    EntryPtr& entry = entries[places[i]];
    GANTRY_TRY_SET(const std::string record,
                   EncodeAsIs(target, objects[i], std::string(entry->header().managed)));
    GANTRY_TRY_SET(entry, Entry::Make(entry->key(), record, entry->revision(), render));
  }
  return entries;
}

bool Fits(const Kind& kind, const RecordHeader& header) {
  return header.epoch == kind.EpochOf(header.version);
}

Result<std::string> Reencode(const Kind& kind, std::string_view record) {
  GANTRY_TRY_SET(const RecordHeader header, DecodeHeader(record));
  GANTRY_TRY_SET(Json object, DecodeObject(record.substr(header.size), 0));
  const schema::Version* version = kind.def().FindAnyVersion(header.version);
  if (version == nullptr) version = &kind.def().StorageVersion();
  ConvertTo(kind.def(), *version, &object);
  return Encode(kind, *version, object, std::string(header.managed));
}

}  // namespace gantry::apiserver
