#include "controllers/drivers/docker/codec.h"
#include "controllers/drivers/docker/engine.h"
#include "controllers/drivers/docker/errors.h"
#include "controllers/drivers/docker/json_fields.h"
#include "controllers/drivers/docker/json_stream.h"
#include "controllers/drivers/docker/reference.h"

namespace gantry::docker {
namespace {

constexpr Duration kPullLimit = std::chrono::minutes(30);

// The error in a line of a pull's progress, if it is one; a 200 came before it.
std::string PullFailure(const Json& line) {
  const std::string detail = Text(Field(line, "errorDetail"), "message");
  return detail.empty() ? Text(line, "error") : detail;
}

}  // namespace

Status HttpEngine::PullImage(const Context& ctx, std::string_view reference,
                             std::string_view platform, const RegistryAuth* auth) {
  const ImageReference ref = ParseImageReference(reference);
  const Context limited = ctx.WithTimeout(kPullLimit);
  Call call;
  call.method = "POST";
  call.path = "/images/create";
  call.query = {{"fromImage", ref.name}, {"tag", ref.digest.empty() ? ref.tag : ref.digest}};
  if (!platform.empty()) call.query.emplace_back("platform", platform);
  if (auth != nullptr) call.headers.emplace_back("X-Registry-Auth", EncodeRegistryAuth(*auth));
  call.limit = kPullLimit;  // the header comes only when the registry has answered
  auto opened = http_.Stream(limited, call);
  if (!opened.ok()) {
    const Error& e = opened.error();
    return e.code == Code::kInternal ? ErrorFromPull(e.message) : e;
  }
  JsonStreamParser lines;
  while (true) {
    GANTRY_TRY_SET(const std::string bytes, (*opened)->Read());
    if (bytes.empty()) return OkStatus();
    lines.Feed(bytes);
    while (true) {
      GANTRY_TRY_SET(const std::optional<Json> line, lines.Next());
      if (!line) break;
      if (const std::string failure = PullFailure(*line); !failure.empty()) {
        return ErrorFromPull(failure);
      }
    }
  }
}

Result<ImageDetails> HttpEngine::InspectImage(const Context& ctx, std::string_view reference) {
  GANTRY_TRY_SET(const Json json, Get(ctx, EnginePath("images", reference, "json")));
  return DecodeImage(json);
}

Result<std::vector<ImageDetails>> HttpEngine::ListImages(const Context& ctx) {
  GANTRY_TRY_SET(const Json json, Get(ctx, "/images/json"));
  std::vector<ImageDetails> out;
  for (const Json& item : json) out.push_back(DecodeImage(item));
  return out;
}

Status HttpEngine::TagImage(const Context& ctx, std::string_view image,
                            std::string_view reference) {
  const ImageReference ref = ParseImageReference(reference);
  GANTRY_TRY(Send(ctx, "POST", EnginePath("images", image, "tag"),
                  {{"repo", ref.name}, {"tag", ref.tag}}));
  return OkStatus();
}

Status HttpEngine::RemoveImage(const Context& ctx, std::string_view reference) {
  auto answer = Send(ctx, "DELETE", EnginePath("images", reference, ""));
  if (answer.ok() || answer.code() == Code::kNotFound) return OkStatus();
  return answer.error();
}

}  // namespace gantry::docker
