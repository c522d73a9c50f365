#include "apis/machinery/meta/object.h"

#include <algorithm>

namespace gantry {
namespace {

const Json& EmptyObject() {
  static const Json* const empty = new Json(Json::object());
  return *empty;
}
const Json& EmptyArray() {
  static const Json* const empty = new Json(Json::array());
  return *empty;
}
const Json& Null() {
  static const Json* const null = new Json;
  return *null;
}

std::string_view StringView(const Json& obj, const char* field) {
  if (!obj.is_object()) return {};
  const auto it = obj.find(field);
  if (it == obj.end() || !it->is_string()) return {};
  return it->get_ref<const std::string&>();
}

}  // namespace

Json OwnerReference::ToJson() const {
  Json j = {{"apiVersion", api_version}, {"kind", kind}, {"name", name}, {"uid", uid}};
  if (controller) j["controller"] = true;
  if (block_owner_deletion) j["blockOwnerDeletion"] = true;
  return j;
}

Object::Object(const GroupVersionKind& gvk, const ObjectKey& key) : json_(Json::object()) {
  set_gvk(gvk);
  set_name(key.name);
  if (!key.ns.empty()) set_ns(key.ns);
}

Result<Object> Object::Parse(std::string_view text) {
  GANTRY_TRY_SET(Json json, ParseJson(text));
  if (!json.is_object()) return Error(Code::kBadRequest, "the document is not a JSON object");
  return Object(std::move(json));
}

std::string_view Object::api_version() const { return StringView(json_, "apiVersion"); }
std::string_view Object::kind() const { return StringView(json_, "kind"); }

GroupVersionKind Object::gvk() const {
  GroupVersion gv = GroupVersion::Parse(api_version());
  return {std::move(gv.group), std::move(gv.version), std::string(kind())};
}

void Object::set_gvk(const GroupVersionKind& gvk) {
  json_["apiVersion"] = gvk.group_version().ToString();
  json_["kind"] = gvk.kind;
}

int64_t Object::generation() const { return GetInt(meta(), "generation"); }

void Object::set_resource_version(std::string_view v) {
  if (v.empty()) {
    Meta().erase("resourceVersion");
  } else {
    Meta()["resourceVersion"] = v;
  }
}

std::vector<std::string> Object::finalizers() const { return GetStrings(meta(), "finalizers"); }

bool Object::has_finalizer(std::string_view f) const {
  const Json& all = GetArray(meta(), "finalizers");
  return std::any_of(all.begin(), all.end(), [&](const Json& v) { return v == f; });
}

void Object::set_finalizers(const std::vector<std::string>& v) {
  if (v.empty()) {
    Meta().erase("finalizers");
  } else {
    Meta()["finalizers"] = v;
  }
}

std::vector<OwnerReference> Object::owner_references() const {
  std::vector<OwnerReference> out;
  for (const Json& r : GetArray(meta(), "ownerReferences")) {
    out.push_back({GetString(r, "apiVersion"), GetString(r, "kind"), GetString(r, "name"),
                   GetString(r, "uid"), GetBool(r, "controller"),
                   GetBool(r, "blockOwnerDeletion")});
  }
  return out;
}

std::optional<OwnerReference> Object::controller_owner() const {
  for (OwnerReference& r : owner_references()) {
    if (r.controller) return std::move(r);
  }
  return std::nullopt;
}

OwnerReference Object::MakeOwnerReference() const {
  return {std::string(api_version()),
          std::string(kind()),
          std::string(name()),
          std::string(uid()),
          true,
          true};
}

void Object::set_owner(const OwnerReference& owner) {
  Meta()["ownerReferences"] = Json::array({owner.ToJson()});
}

Json& Object::Meta() {
  Json& meta = json_["metadata"];
  if (!meta.is_object()) meta = Json::object();
  return meta;
}

const Json& Object::Section(const char* name) const { return GetObject(json_, name); }

std::string_view Object::MetaString(const char* field) const { return StringView(meta(), field); }

std::map<std::string, std::string> Object::MetaMap(const char* field) const {
  return GetStringMap(meta(), field);
}

std::string_view Object::MapEntry(const char* field, std::string_view k) const {
  const Json& map = GetObject(meta(), field);
  const auto it = map.find(k);
  if (it == map.end() || !it->is_string()) return {};
  return it->get_ref<const std::string&>();
}

std::string GetString(const Json& obj, const char* field, std::string_view fallback) {
  const Json& v = GetAny(obj, field);
  return v.is_string() ? v.get<std::string>() : std::string(fallback);
}

int64_t GetInt(const Json& obj, const char* field, int64_t fallback) {
  const Json& v = GetAny(obj, field);
  return v.is_number_integer() ? v.get<int64_t>() : fallback;
}

double GetDouble(const Json& obj, const char* field, double fallback) {
  const Json& v = GetAny(obj, field);
  return v.is_number() ? v.get<double>() : fallback;
}

bool GetBool(const Json& obj, const char* field, bool fallback) {
  const Json& v = GetAny(obj, field);
  return v.is_boolean() ? v.get<bool>() : fallback;
}

const Json& GetAny(const Json& obj, const char* field) {
  if (!obj.is_object()) return Null();
  const auto it = obj.find(field);
  return it == obj.end() ? Null() : *it;
}

const Json& GetObject(const Json& obj, const char* field) {
  const Json& v = GetAny(obj, field);
  return v.is_object() ? v : EmptyObject();
}

const Json& GetArray(const Json& obj, const char* field) {
  const Json& v = GetAny(obj, field);
  return v.is_array() ? v : EmptyArray();
}

std::vector<std::string> GetStrings(const Json& obj, const char* field) {
  std::vector<std::string> out;
  for (const Json& v : GetArray(obj, field)) {
    if (v.is_string()) out.push_back(v.get<std::string>());
  }
  return out;
}

std::map<std::string, std::string> GetStringMap(const Json& obj, const char* field) {
  std::map<std::string, std::string> out;
  for (const auto& [k, v] : GetObject(obj, field).items()) {
    if (v.is_string()) out.emplace(k, v.get<std::string>());
  }
  return out;
}

}  // namespace gantry
