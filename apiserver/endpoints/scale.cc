#include "apiserver/endpoints/scale.h"

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/registry/prepare.h"

namespace gantry::apiserver {
namespace {

// `.spec.replicas` as a JSON pointer.
Json::json_pointer Pointer(const std::string& path) {
  std::string pointer;
  for (const char c : path) pointer += c == '.' ? '/' : c;
  return Json::json_pointer(pointer);
}

Json At(const Json& object, const std::string& path, Json fallback) {
  if (path.empty()) return fallback;
  const Json::json_pointer pointer = Pointer(path);
  return object.contains(pointer) ? object.at(pointer) : fallback;
}

// The count that a Scale asks for; 0 when it does not say.
Result<int64_t> ReplicasOf(const Json& scale, const std::string& name) {
  const Json replicas = GetAny(GetObject(scale, "spec"), "replicas");
  if (!replicas.is_null() && !replicas.is_number_integer()) {
    return InvalidObject({"autoscaling", "Scale"}, name,
                         {TypeInvalid("spec.replicas", replicas, "must be an integer")});
  }
  const int64_t count = replicas.is_null() ? 0 : replicas.get<int64_t>();
  if (count < 0) {
    return InvalidObject({"autoscaling", "Scale"}, name,
                         {Invalid("spec.replicas", count, "must be greater than or equal to 0")});
  }
  return count;
}

const GroupVersionKind& ScaleKind() {
  static const auto* const kind = new GroupVersionKind{"autoscaling", "v1", "Scale"};
  return *kind;
}

const schema::Schema& ScaleSchema() {
  static const auto* const schema = new std::shared_ptr<const schema::Schema>(
      *schema::Schema::Compile(*ParseJson(R"({"type":"object","properties":{
        "spec":{"type":"object","properties":{"replicas":{"type":"integer","format":"int32"}}},
        "status":{"type":"object","properties":{"replicas":{"type":"integer","format":"int32"},
                                                "selector":{"type":"string"}}}}})"),
                               "autoscaling/v1"));
  return **schema;
}

// What is wrong with a Scale as a body, or with what a patch made of it.
Status CheckScale(const WriteScope& scope, Json* scale) {
  const std::string api_version = ScaleKind().group_version().ToString();
  if (!scale->is_object() || GetString(*scale, "kind", "Scale") != "Scale" ||
      GetString(*scale, "apiVersion", api_version) != api_version) {
    return Error(Code::kBadRequest, "the body must be a Scale of autoscaling/v1");
  }
  GANTRY_TRY(DecodeAs(scope, ScaleKind(), ScaleSchema(), true, scale));
  const std::string name = GetString(GetObject(*scale, "metadata"), "name", scope.name);
  if (name == scope.name) return OkStatus();
  return Error(Code::kBadRequest,
               fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                           name, scope.name));
}

}  // namespace

Json MakeScale(const Target& target, const Json& object) {
  const schema::ScaleSubresource& s = *target.version->scale;
  Json meta = Json::object();
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    const Json& value = GetAny(GetObject(object, "metadata"), field);
    if (!value.is_null()) meta[field] = value;
  }
  Json scale = {{"kind", "Scale"}, {"apiVersion", "autoscaling/v1"}, {"metadata", std::move(meta)}};
  scale["spec"] = {{"replicas", At(object, s.spec_replicas_path, 0)}};
  scale["status"] = {{"replicas", At(object, s.status_replicas_path, 0)}};
  const Json selector = At(object, s.label_selector_path, Json());
  if (selector.is_string()) scale["status"]["selector"] = selector;
  return scale;
}

const schema::Version& ScaleColumns() {
  static const auto* const version = [] {
    auto* const v = new schema::Version;
    const auto add = [v](const char* name, const char* type, const char* path, const char* what) {
      v->columns.push_back({name, type, "", what, 0, *schema::JsonPath::Parse(path)});
    };
    add("Desired", "integer", ".spec.replicas", "How many are wanted.");
    add("Available", "integer", ".status.replicas", "How many there are.");
    add("Age", "date", ".metadata.creationTimestamp", "How long ago the object was created.");
    return v;
  }();
  return *version;
}

Result<Json> ConfigOfScale(const Target& target, const Json& scale) {
  const Json& meta = GetObject(scale, "metadata");
  std::vector<std::string> unknown;
  Json known = scale;
  ScaleSchema().Prune(&known, &unknown);
  if (!unknown.empty()) {
    return Error(Code::kBadRequest,
                 fmt::format("failed to create typed patch object ({}/{}; autoscaling/v1, "
                             "Kind=Scale): .{}: field not declared in schema",
                             GetString(meta, "namespace"), GetString(meta, "name"), unknown[0]));
  }
  GANTRY_TRY_SET(const int64_t count, ReplicasOf(scale, GetString(meta, "name")));
  Json config = {{"apiVersion", target.gvk().group_version().ToString()},
                 {"kind", target.def().kind},
                 {"metadata", Json::object()}};
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "managedFields"}) {
    const Json& value = GetAny(meta, field);
    if (!value.is_null()) config["metadata"][field] = value;
  }
  if (!GetAny(GetObject(scale, "spec"), "replicas").is_null()) {
    config[Pointer(target.version->scale->spec_replicas_path)] = count;
  }
  return config;
}

Mutation ScaleMutation(WriteScope* scope, Mutation of_scale) {
  Mutation mutation;
  WriteScope own = *scope;
  scope->complaints.clear();
  mutation.apply = [own = std::move(own),
                    inner = std::move(of_scale.apply)](const Json& current) -> Result<Json> {
    GANTRY_TRY_SET(Json scale, inner(MakeScale(own.target, current)));
    GANTRY_TRY(CheckScale(own, &scale));
    GANTRY_TRY_SET(const int64_t count, ReplicasOf(scale, own.name));
    Json object = current;
    object[Pointer(own.target.version->scale->spec_replicas_path)] = count;
    const std::string version = GetString(GetObject(scale, "metadata"), "resourceVersion");
    if (version.empty()) {
      object["metadata"].erase("resourceVersion");
    } else {
      object["metadata"]["resourceVersion"] = version;
    }
    const std::string uid = GetString(GetObject(scale, "metadata"), "uid");
    if (!uid.empty()) object["metadata"]["uid"] = uid;
    return object;
  };
  return mutation;
}

}  // namespace gantry::apiserver
