#include "apiserver/endpoints/apply_patch.h"

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/endpoints/request_body.h"
#include "apiserver/endpoints/scale.h"

namespace gantry::apiserver {
namespace {

Error BadOptions(FieldError error) {
  return InvalidObject({"meta.k8s.io", "PatchOptions"}, "", {std::move(error)});
}

Result<bool> ParseForce(const std::string& text) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"", "0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return Error(Code::kBadRequest,
               fmt::format("force: Invalid value: \"{}\": must be true or false", text));
}

Status CheckVersionAndKind(const GroupVersionKind& want, const Json& config) {
  const std::string expected = want.group_version().ToString();
  const std::string version = GetString(config, "apiVersion");
  const std::string kind = GetString(config, "kind");
  if (kind.empty()) return Error(Code::kBadRequest, "Object 'Kind' is missing");
  if (version != expected) {
    return Error(Code::kBadRequest,
                 fmt::format("Incorrect version specified in apply patch. Specified patch version: "
                             "{}, expected: {}",
                             version, expected));
  }
  if (kind != want.kind) {
    return Error(Code::kBadRequest,
                 fmt::format("the kind in the data ({}) does not match the expected kind ({})",
                             kind, want.kind));
  }
  return OkStatus();
}

}  // namespace

Result<ApplyConfig> ParseApply(const Request& request, WriteScope* scope) {
  if (request.query.Get("fieldManager").empty()) {
    return BadOptions(Required("fieldManager", "is required for apply patch"));
  }
  ApplyConfig config;
  GANTRY_TRY_SET(config.force, ParseForce(request.query.Get("force")));
  config.may_create = scope->subresource.empty();
  Result<DecodedBody> body = DecodeText(request.body, "application/yaml");
  if (!body.ok()) return body.error().Wrap("error decoding YAML");
  if (!body->value.is_object()) {
    return Error(Code::kBadRequest, "error decoding YAML: the body must be an object");
  }
  scope->complaints = body->Complaints();
  config.object = std::move(body->value);
  if (const Json& meta = GetAny(config.object, "metadata"); !meta.is_null() && !meta.is_object()) {
    return Error(Code::kBadRequest, "metadata: must be an object");
  }
  const bool scale = scope->subresource == "scale";
  const GroupVersionKind scale_kind{"autoscaling", "v1", "Scale"};
  GANTRY_TRY(CheckVersionAndKind(scale ? scale_kind : scope->target.gvk(), config.object));
  if (scale) {
    GANTRY_TRY_SET(config.object, ConfigOfScale(scope->target, config.object));
  }
  return config;
}

Status CheckNoForce(const Request& request) {
  if (!request.query.Has("force")) return OkStatus();
  return BadOptions(Forbidden("force", "may not be specified for non-apply patch"));
}

}  // namespace gantry::apiserver
