#include "controllers/drivers/docker/codec.h"
#include "controllers/drivers/docker/engine.h"
#include "controllers/drivers/docker/json_fields.h"

namespace gantry::docker {

Result<VolumeDetails> HttpEngine::CreateVolume(const Context& ctx, const VolumeConfig& config) {
  const Json body = EncodeVolume(config);
  GANTRY_TRY_SET(const Answer answer, Send(ctx, "POST", "/volumes/create", {}, &body));
  GANTRY_TRY_SET(const Json json, ParseJson(answer.body));
  return DecodeVolume(json);
}

Result<VolumeDetails> HttpEngine::InspectVolume(const Context& ctx, std::string_view name) {
  GANTRY_TRY_SET(const Json json, Get(ctx, EnginePath("volumes", name, "")));
  return DecodeVolume(json);
}

Result<std::vector<VolumeDetails>> HttpEngine::ListVolumes(const Context& ctx,
                                                           const LabelFilter& filter) {
  std::vector<std::pair<std::string, std::string>> query;
  if (std::string f = EncodeFilter(filter); !f.empty()) query.emplace_back("filters", std::move(f));
  GANTRY_TRY_SET(const Json json, Get(ctx, "/volumes", std::move(query)));
  std::vector<VolumeDetails> out;
  const Json& volumes = Field(json, "Volumes");
  if (volumes.is_array()) {
    for (const Json& item : volumes) out.push_back(DecodeVolume(item));
  }
  return out;
}

Status HttpEngine::RemoveVolume(const Context& ctx, std::string_view name) {
  auto answer = Send(ctx, "DELETE", EnginePath("volumes", name, ""));
  if (answer.ok() || answer.code() == Code::kNotFound) return OkStatus();
  return answer.error();
}

}  // namespace gantry::docker
