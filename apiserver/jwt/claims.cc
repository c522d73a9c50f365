#include "apiserver/jwt/claims.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

namespace gantry::apiserver::jwt {
namespace {

// Seconds since the epoch; nothing when absent.
Result<std::optional<double>> SecondsOf(const Json& claims, const char* name) {
  const auto it = claims.find(name);
  if (it == claims.end() || it->is_null()) return std::optional<double>();
  if (!it->is_number() || !std::isfinite(it->get<double>())) {
    return Error(Code::kUnauthorized, fmt::format("token: `{}` must be a number", name));
  }
  return std::optional<double>(it->get<double>());
}

}  // namespace

Result<std::vector<std::string>> AudiencesOf(const Json& claims) {
  std::vector<std::string> audiences;
  const auto it = claims.find("aud");
  if (it == claims.end() || it->is_null()) return audiences;
  for (const Json& one : it->is_array() ? *it : Json::array({*it})) {
    if (!one.is_string()) {
      return Error(Code::kUnauthorized, "token: `aud` must be a text or a list of texts");
    }
    audiences.push_back(one.get<std::string>());
  }
  return audiences;
}

Status CheckTimes(const Json& claims, WallTime now, Duration leeway) {
  const auto seconds = [](Duration d) { return std::chrono::duration<double>(d).count(); };
  const double at = seconds(now.time_since_epoch());
  GANTRY_TRY_SET(const auto expires, SecondsOf(claims, "exp"));
  if (!expires) return Error(Code::kUnauthorized, "token: `exp` is missing");
  if (at >= *expires) return Error(Code::kUnauthorized, "token: expired");
  GANTRY_TRY_SET(const auto begins, SecondsOf(claims, "nbf"));
  if (begins && at + seconds(leeway) < *begins) {
    return Error(Code::kUnauthorized, "token: not valid yet");
  }
  return OkStatus();
}

}  // namespace gantry::apiserver::jwt
