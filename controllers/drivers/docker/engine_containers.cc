#include <fmt/format.h>

#include "controllers/drivers/docker/api_version.h"
#include "controllers/drivers/docker/codec.h"
#include "controllers/drivers/docker/engine.h"
#include "controllers/drivers/docker/json_fields.h"

namespace gantry::docker {
namespace {
// What the daemon may need beyond the grace period to kill and clean up.
constexpr Duration kStopMargin = std::chrono::seconds(30);
}  // namespace

Result<std::vector<ContainerSummary>> HttpEngine::ListContainers(const Context& ctx,
                                                                 const LabelFilter& filter) {
  std::vector<std::pair<std::string, std::string>> query = {{"all", "1"}};
  if (std::string f = EncodeFilter(filter); !f.empty()) query.emplace_back("filters", std::move(f));
  GANTRY_TRY_SET(const Json json, Get(ctx, "/containers/json", std::move(query)));
  std::vector<ContainerSummary> out;
  for (const Json& item : json) out.push_back(DecodeContainerSummary(item));
  return out;
}

Result<ContainerDetails> HttpEngine::InspectContainer(const Context& ctx, std::string_view id) {
  GANTRY_TRY_SET(const Json json, Get(ctx, EnginePath("containers", id, "json")));
  return DecodeContainer(json);
}

Result<std::string> HttpEngine::CreateContainer(const Context& ctx, const ContainerConfig& config) {
  // Older engines would mount the whole volume instead.
  for (const Mount& m : config.mounts) {
    if (m.sub_path.empty()) continue;
    GANTRY_TRY_SET(const std::string version, http_.Version(ctx));
    if (IsAtLeast(version, "1.45")) break;
    return Error(Code::kInvalid,
                 fmt::format("a part of a volume can be mounted by an engine with API version 1.45 "
                             "or newer; this one has {}",
                             version));
  }
  const Json body = EncodeContainer(config);
  std::vector<std::pair<std::string, std::string>> query = {{"name", config.name}};
  if (!config.platform.empty()) query.emplace_back("platform", config.platform);
  GANTRY_TRY_SET(const Answer answer, Send(ctx, "POST", "/containers/create", query, &body));
  GANTRY_TRY_SET(const Json json, ParseJson(answer.body));
  return Text(json, "Id");
}

Status HttpEngine::StartContainer(const Context& ctx, std::string_view id) {
  GANTRY_TRY(Send(ctx, "POST", EnginePath("containers", id, "start")));
  return OkStatus();  // 304: it runs already
}

Status HttpEngine::StopContainer(const Context& ctx, std::string_view id, Duration grace) {
  const int64_t seconds = std::chrono::ceil<std::chrono::seconds>(grace).count();
  Call call;
  call.method = "POST";
  call.path = EnginePath("containers", id, "stop");
  call.query = {{"t", std::to_string(seconds)}};
  call.limit = grace + kStopMargin;
  GANTRY_TRY(http_.Do(ctx, call));
  return OkStatus();
}

Status HttpEngine::KillContainer(const Context& ctx, std::string_view id, std::string_view signal) {
  GANTRY_TRY(
      Send(ctx, "POST", EnginePath("containers", id, "kill"), {{"signal", std::string(signal)}}));
  return OkStatus();
}

Status HttpEngine::RemoveContainer(const Context& ctx, std::string_view id, bool force) {
  auto answer = Send(ctx, "DELETE", EnginePath("containers", id, ""),
                     {{"v", "1"}, {"force", force ? "1" : "0"}});
  if (answer.ok() || answer.code() == Code::kNotFound) return OkStatus();
  return answer.error();
}

Status HttpEngine::UpdateContainer(const Context& ctx, std::string_view id,
                                   const ContainerUpdate& update) {
  const Json body = EncodeUpdate(update);
  GANTRY_TRY(Send(ctx, "POST", EnginePath("containers", id, "update"), {}, &body));
  return OkStatus();
}

Status HttpEngine::RenameContainer(const Context& ctx, std::string_view id, std::string_view name) {
  GANTRY_TRY(
      Send(ctx, "POST", EnginePath("containers", id, "rename"), {{"name", std::string(name)}}));
  return OkStatus();
}

Result<int> HttpEngine::WaitContainer(const Context& ctx, std::string_view id) {
  Call call;
  call.method = "POST";
  call.path = EnginePath("containers", id, "wait");
  call.limit = Duration::zero();
  GANTRY_TRY_SET(const Json json, http_.DoJson(ctx, call));
  return static_cast<int>(Integer(json, "StatusCode"));
}

}  // namespace gantry::docker
