#include "apiserver/endpoints/patch.h"

#include "apiserver/endpoints/json_patch.h"
#include "apiserver/endpoints/strategic_merge.h"

namespace gantry::apiserver {

Result<Mutation> MakePatch(const Target& target, const std::string& media_type,
                           const std::string& body) {
  Mutation mutation;
  mutation.wants_managed_fields = body.find("managedFields") != std::string::npos;
  if (media_type == "application/json-patch+json") {
    GANTRY_TRY_SET(Json patch, ParseJson(body));
    GANTRY_TRY(CheckJsonPatch(patch));
    mutation.apply = [patch = std::move(patch)](const Json& current) {
      return ApplyJsonPatch(patch, current);
    };
    return mutation;
  }
  if (media_type == "application/merge-patch+json") {
    GANTRY_TRY_SET(Json patch, ParseJson(body));
    if (!patch.is_object()) return Error(Code::kBadRequest, "a merge patch must be an object");
    mutation.apply = [patch = std::move(patch)](const Json& current) -> Result<Json> {
      Json result = current;
      result.merge_patch(patch);
      return result;
    };
    return mutation;
  }
  const bool strategic = HasStrategicMerge(target.def());
  if (strategic && media_type == "application/strategic-merge-patch+json") {
    GANTRY_TRY_SET(Json patch, ParseJson(body));
    if (!patch.is_object()) return Error(Code::kBadRequest, "a merge patch must be an object");
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
