#include "apiserver/registry/prepare.h"

#include "apis/gantry.dev/v1/requests.h"
#include "apis/machinery/meta/field_error.h"
#include "apiserver/registry/go_types.h"
#include "apiserver/registry/metadata.h"

namespace gantry::apiserver {
namespace {

constexpr const char* kOrphan = "orphan";
constexpr const char* kForeground = "foregroundDeletion";

std::string Joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += ", ";
    all += text;
  }
  return all;
}

// Whether two documents differ outside metadata, and, with `skip_status`, outside status.
bool DiffersOutsideMetadata(const Json& a, const Json& b, bool skip_status) {
  const auto relevant = [&](const std::string& key) {
    return key != "metadata" && key != "apiVersion" && key != "kind" &&
           !(skip_status && key == "status");
  };
  for (const auto& [key, value] : a.items()) {
    if (relevant(key) && GetAny(b, key.c_str()) != value) return true;
  }
  for (const auto& [key, value] : b.items()) {
    if (relevant(key) && !a.contains(key)) return true;
  }
  return false;
}

// Whether something is asked of an Application or a Service that was not asked before.
bool AsksAnew(const schema::Definition& definition, const Object& old, const Object& updated) {
  const GroupKind kind = definition.group_kind();
  if (kind.group != v1::kApplications.group ||
      (kind.kind != v1::kApplications.kind && kind.kind != v1::kServices.kind))
    return false;
  for (const char* annotation : v1::kRequestAnnotations) {
    if (old.annotation(annotation) != updated.annotation(annotation)) return true;
  }
  return false;
}

}  // namespace

Status CheckIdentity(const WriteScope& scope, Object* object) {
  const GroupVersionKind want = scope.target.gvk();
  const std::string api_version = want.group_version().ToString();
  if (object->kind().empty() && object->api_version().empty() && !scope.target.def().builtin) {
    return Error(Code::kBadRequest, "Object 'Kind' is missing");
  }
  if (!object->api_version().empty() && object->api_version() != api_version) {
    return Error(Code::kBadRequest,
                 fmt::format("the API version in the data ({}) does not match the expected API "
                             "version ({})",
                             object->api_version(), api_version));
  }
  if (!object->kind().empty() && object->kind() != want.kind) {
    return Error(Code::kBadRequest,
                 fmt::format("the kind in the data ({}) does not match the expected kind ({})",
                             object->kind(), want.kind));
  }
  object->set_gvk(want);
  if (!object->ns().empty() && object->ns() != scope.ns) {
    return Error(Code::kBadRequest,
                 "the namespace of the provided object does not match the namespace sent on the "
                 "request");
  }
  if (scope.ns.empty()) {
    object->Meta().erase("namespace");
  } else {
    object->set_ns(scope.ns);
  }
  if (scope.name.empty()) return OkStatus();
  if (object->name().empty()) object->set_name(scope.name);
  if (object->name() != scope.name) {
    return Error(Code::kBadRequest,
                 fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                             object->name(), scope.name));
  }
  return OkStatus();
}

namespace {

// What cannot be decoded is the fault of a body, or of what a patch makes of the object.
Error Undecodable(const WriteScope& scope, const Json& object, const std::string& why,
                  const std::string& of_body) {
  if (!scope.patches) return Error(Code::kBadRequest, of_body);
  const bool confidential = scope.target.def().strategy.write_only_string_data;
  return InvalidObject({}, "",
                       {Invalid("patch", confidential ? "<confidential>" : DumpJson(object), why)});
}

}  // namespace

Status DecodeFields(const WriteScope& scope, Json* object) {
  return DecodeAs(scope, scope.target.gvk(), *scope.target.version->schema,
                  HasGoType(scope.target.def()), object);
}

Status DecodeAs(const WriteScope& scope, const GroupVersionKind& gvk, const schema::Schema& schema,
                bool go_type, Json* object) {
  std::vector<std::string> unknown;
  const bool strict = scope.validation == FieldValidation::kStrict;
  const Json sent = scope.patches && strict ? *object : Json();
  if (const Status shaped = NormalizeMetadata(object, &unknown); !shaped.ok()) {
    return Undecodable(scope, *object, shaped.error().message, shaped.error().message);
  }
  const std::string as_kind = fmt::format(
      "{} in version \"{}\" cannot be handled as a {}: ", gvk.kind, gvk.version, gvk.kind);
  if (const std::string why = go_type ? GoTypeError(gvk.kind, schema.openapi(), *object) : "";
      !why.empty()) {
    return Undecodable(scope, *object, why, as_kind + why);
  }
  schema.Prune(object, &unknown);
  if (scope.validation == FieldValidation::kIgnore) return OkStatus();

  std::vector<std::string> complaints = scope.complaints;
  for (const std::string& path : unknown) {
    complaints.push_back(fmt::format("unknown field \"{}\"", path));
  }
  if (complaints.empty()) return OkStatus();
  if (strict) {
    const std::string why = "strict decoding error: " + Joined(complaints);
    return Undecodable(scope, sent, why, as_kind + why);
  }
  for (std::string& text : complaints) scope.warnings->push_back(std::move(text));
  return OkStatus();
}

Status Finish(const WriteScope& scope, const StrategyContext& ctx, const Object* old,
              Object* object) {
  const schema::Definition& definition = scope.target.def();
  const schema::Schema& schema = *scope.target.version->schema;
  schema.Default(&object->json());
  scope.target.kind->strategy->Prepare(ctx, old, scope.subresource, object);

  FieldErrors errors = ValidateMetadata(definition, *object);
  if (old != nullptr) {
    FieldErrors changes = ValidateMetadataUpdate(*old, *object);
    errors.insert(errors.end(), changes.begin(), changes.end());
  }
  FieldErrors fields = schema.Validate(object->json());
  errors.insert(errors.end(), fields.begin(), fields.end());
  if (!errors.empty()) return InvalidObject(definition.group_kind(), object->name(), errors);
  return scope.target.kind->strategy->Validate(ctx, old, *object);
}

void IsolateSubresource(const WriteScope& scope, const Object& old, Object* updated) {
  if (scope.subresource == "status" || scope.subresource == "approval") {
    const bool has_status = updated->json().contains("status");
    Json status = has_status ? std::move(updated->json()["status"]) : Json();
    updated->json() = old.json();
    if (has_status) {
      updated->json()["status"] = std::move(status);
    } else {
      updated->json().erase("status");
    }
    return;
  }
  KeepSystemMetadata(old, updated);
  if (!scope.target.version->status_subresource) return;
  if (const auto status = old.json().find("status"); status != old.json().end()) {
    updated->json()["status"] = *status;
  } else {
    updated->json().erase("status");
  }
}

void BumpGeneration(const schema::Definition& definition, const schema::Version& version,
                    const Object& old, Object* updated) {
  if (definition.strategy.no_generation) return;
  const bool changed =
      DiffersOutsideMetadata(old.json(), updated->json(), version.status_subresource) ||
      AsksAnew(definition, old, *updated);
  updated->set_generation(old.generation() + (changed ? 1 : 0));
}

std::vector<std::string> FinalizersForDelete(const Object& object, const std::string& propagation) {
  std::vector<std::string> finalizers;
  for (std::string& f : object.finalizers()) {
    const bool policy = f == kOrphan || f == kForeground;
    if (!policy || propagation.empty()) finalizers.push_back(std::move(f));
  }
  if (propagation == "Orphan") finalizers.push_back(kOrphan);
  if (propagation == "Foreground") finalizers.push_back(kForeground);
  return finalizers;
}

}  // namespace gantry::apiserver
