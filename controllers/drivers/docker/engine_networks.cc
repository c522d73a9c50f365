#include "controllers/drivers/docker/codec.h"
#include "controllers/drivers/docker/engine.h"
#include "controllers/drivers/docker/json_fields.h"

namespace gantry::docker {

Result<std::vector<NetworkDetails>> HttpEngine::ListNetworks(const Context& ctx,
                                                             const LabelFilter& filter) {
  std::vector<std::pair<std::string, std::string>> query;
  if (std::string f = EncodeFilter(filter); !f.empty()) query.emplace_back("filters", std::move(f));
  GANTRY_TRY_SET(const Json json, Get(ctx, "/networks", std::move(query)));
  std::vector<NetworkDetails> out;
  for (const Json& item : json) out.push_back(DecodeNetwork(item));
  return out;
}

Result<NetworkDetails> HttpEngine::InspectNetwork(const Context& ctx, std::string_view id) {
  GANTRY_TRY_SET(const Json json, Get(ctx, EnginePath("networks", id, "")));
  return DecodeNetwork(json);
}

Result<std::string> HttpEngine::CreateNetwork(const Context& ctx, const NetworkConfig& config) {
  const Json body = EncodeNetwork(config);
  GANTRY_TRY_SET(const Answer answer, Send(ctx, "POST", "/networks/create", {}, &body));
  GANTRY_TRY_SET(const Json json, ParseJson(answer.body));
  return Text(json, "Id");
}

Status HttpEngine::RemoveNetwork(const Context& ctx, std::string_view id) {
  auto answer = Send(ctx, "DELETE", EnginePath("networks", id, ""));
  if (answer.ok() || answer.code() == Code::kNotFound) return OkStatus();
  // Older daemons say 403 for a network in use.
  if (answer.code() == Code::kForbidden) return Error(Code::kConflict, answer.error().message);
  return answer.error();
}

Status HttpEngine::ConnectNetwork(const Context& ctx, const NetworkAttachment& to,
                                  std::string_view container) {
  const Json body = {{"Container", container}, {"EndpointConfig", EncodeAttachment(to)}};
  GANTRY_TRY(Send(ctx, "POST", EnginePath("networks", to.network, "connect"), {}, &body));
  return OkStatus();
}

Status HttpEngine::DisconnectNetwork(const Context& ctx, std::string_view network,
                                     std::string_view container) {
  const Json body = {{"Container", container}, {"Force", true}};
  GANTRY_TRY(Send(ctx, "POST", EnginePath("networks", network, "disconnect"), {}, &body));
  return OkStatus();
}

}  // namespace gantry::docker
