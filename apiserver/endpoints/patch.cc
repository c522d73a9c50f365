#include "apiserver/endpoints/patch.h"

#include "apiserver/endpoints/json_patch.h"
#include "apiserver/endpoints/request_body.h"
#include "apiserver/endpoints/strategic_merge.h"

namespace gantry::apiserver {

namespace {

Result<Json> ReadPatch(const std::string& body, const char* prefix,
                       std::vector<std::string>* complaints) {
  GANTRY_TRY_SET(DecodedBody decoded, DecodeText(body, "application/json"));
  for (const std::string& text : decoded.Complaints()) complaints->push_back(prefix + text);
  return std::move(decoded.value);
}

Result<Json> ReadMergePatch(const std::string& body, std::vector<std::string>* complaints) {
  GANTRY_TRY_SET(Json patch, ReadPatch(body, "", complaints));
  if (!patch.is_object()) return Error(Code::kBadRequest, "a merge patch must be an object");
  return patch;
}

// Members of operations that mean nothing.
void FindUnknownMembers(const Json& operations, std::vector<std::string>* complaints) {
  for (size_t i = 0; i < operations.size(); ++i) {
    for (const auto& [key, value] : operations[i].items()) {
      if (key == "op" || key == "path" || key == "from" || key == "value") continue;
      complaints->push_back(fmt::format("json patch unknown field \"[{}].{}\"", i, key));
    }
  }
}

}  // namespace

Result<Mutation> MakePatch(const Target& target, const std::string& media_type,
                           const std::string& body, std::vector<std::string>* complaints) {
  Mutation mutation;
  mutation.wants_managed_fields = body.find("managedFields") != std::string::npos;
  if (media_type == "application/json-patch+json") {
    GANTRY_TRY_SET(Json patch, ReadPatch(body, "json patch ", complaints));
    GANTRY_TRY(CheckJsonPatch(patch));
    FindUnknownMembers(patch, complaints);
    mutation.apply = [patch = std::move(patch)](const Json& current) {
      return ApplyJsonPatch(patch, current);
    };
    return mutation;
  }
  if (media_type == "application/merge-patch+json") {
    GANTRY_TRY_SET(Json patch, ReadMergePatch(body, complaints));
    mutation.apply = [patch = std::move(patch)](const Json& current) -> Result<Json> {
      Json result = current;
      result.merge_patch(patch);
      return result;
    };
    return mutation;
  }
  const bool strategic = HasStrategicMerge(target.def());
  if (strategic && media_type == "application/strategic-merge-patch+json") {
    GANTRY_TRY_SET(Json patch, ReadMergePatch(body, complaints));
    mutation.apply = [patch = std::move(patch),
                      schema = target.version->schema](const Json& current) {
      return StrategicMerge(schema->root(), current, patch);
    };
    return mutation;
  }
  return Error(
      Code::kUnsupportedMediaType,
      std::string("the body of the request was in an unknown format - accepted media types "
                  "include: application/json-patch+json, application/merge-patch+json") +
          (strategic ? ", application/strategic-merge-patch+json" : "") +
          ", application/apply-patch+yaml");
}

}  // namespace gantry::apiserver
