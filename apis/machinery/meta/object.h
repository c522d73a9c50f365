#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/gvk.h"

namespace gantry {

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
  bool block_owner_deletion = false;

  Json ToJson() const;
};

// One API object: a JSON document with accessors for apiVersion, kind and metadata. Accessors never
// throw: an absent or wrongly typed field reads as empty. An Object in a cache is shared as
// `ObjectPtr` and immutable; copy before changing. Not thread-safe otherwise.
class Object {
 public:
  Object() : json_(Json::object()) {}
  // REQUIRES: `json` is a JSON object.
  explicit Object(Json json) : json_(std::move(json)) {}
  Object(const GroupVersionKind& gvk, const ObjectKey& key);
  // kBadRequest unless `text` is a JSON object.
  static Result<Object> Parse(std::string_view text);

  const Json& json() const { return json_; }
  Json& json() { return json_; }

  std::string_view api_version() const;
  std::string_view kind() const;
  GroupVersionKind gvk() const;
  void set_gvk(const GroupVersionKind& gvk);

  ObjectKey key() const { return {std::string(ns()), std::string(name())}; }
  std::string_view name() const { return MetaString("name"); }
  std::string_view ns() const { return MetaString("namespace"); }
  std::string_view uid() const { return MetaString("uid"); }
  std::string_view resource_version() const { return MetaString("resourceVersion"); }
  std::string_view creation_timestamp() const { return MetaString("creationTimestamp"); }
  std::string_view deletion_timestamp() const { return MetaString("deletionTimestamp"); }
  int64_t generation() const;
  bool deleting() const { return !deletion_timestamp().empty(); }
  void set_name(std::string_view v) { Meta()["name"] = v; }
  void set_ns(std::string_view v) { Meta()["namespace"] = v; }
  void set_generation(int64_t v) { Meta()["generation"] = v; }
  // An empty `v` removes the field.
  void set_resource_version(std::string_view v);

  std::map<std::string, std::string> labels() const { return MetaMap("labels"); }
  std::map<std::string, std::string> annotations() const { return MetaMap("annotations"); }
  // Empty when absent.
  std::string_view label(std::string_view k) const { return MapEntry("labels", k); }
  std::string_view annotation(std::string_view k) const { return MapEntry("annotations", k); }
  void set_label(std::string_view k, std::string_view v) { Meta()["labels"][std::string(k)] = v; }
  void set_annotation(std::string_view k, std::string_view v) {
    Meta()["annotations"][std::string(k)] = v;
  }

  std::vector<std::string> finalizers() const;
  bool has_finalizer(std::string_view f) const;
  void set_finalizers(const std::vector<std::string>& v);

  std::vector<OwnerReference> owner_references() const;
  // The owner with `controller: true`.
  std::optional<OwnerReference> controller_owner() const;
  // A reference to this object, as its controller.
  OwnerReference MakeOwnerReference() const;
  void set_owner(const OwnerReference& owner);

  // spec and status; an empty object when absent.
  const Json& spec() const { return Section("spec"); }
  const Json& status() const { return Section("status"); }
  Json& mutable_spec() { return json_["spec"]; }
  Json& mutable_status() { return json_["status"]; }

  // The metadata object, made when absent.
  Json& Meta();
  const Json& meta() const { return Section("metadata"); }

 private:
  const Json& Section(const char* name) const;
  std::string_view MetaString(const char* field) const;
  std::map<std::string, std::string> MetaMap(const char* field) const;
  std::string_view MapEntry(const char* field, std::string_view k) const;

  Json json_;
};

using ObjectPtr = std::shared_ptr<const Object>;

// Typed reads from a JSON object, for typed views: `fallback` when absent, null or of another type.
std::string GetString(const Json& obj, const char* field, std::string_view fallback = "");
int64_t GetInt(const Json& obj, const char* field, int64_t fallback = 0);
double GetDouble(const Json& obj, const char* field, double fallback = 0);
bool GetBool(const Json& obj, const char* field, bool fallback = false);
// The member, or an empty object / array / null when absent. The reference lives as long as `obj`.
const Json& GetObject(const Json& obj, const char* field);
const Json& GetArray(const Json& obj, const char* field);
const Json& GetAny(const Json& obj, const char* field);
std::vector<std::string> GetStrings(const Json& obj, const char* field);
std::map<std::string, std::string> GetStringMap(const Json& obj, const char* field);

}  // namespace gantry
