#include "apiserver/jwt/token.h"

#include <fmt/format.h>

#include "apis/machinery/meta/object.h"
#include "apiserver/jwt/base64url.h"

namespace gantry::apiserver::jwt {
namespace {

constexpr int kMaxClaimsDepth = 32;

Error NoToken() { return Error(Code::kBadRequest, "not a signed token"); }

// A JSON object in base64url. Repeated keys are refused: two readers may take different ones.
Result<Json> DecodePart(std::string_view part) {
  const auto text = Base64UrlDecode(part);
  if (!text || text->empty() || text->front() != '{') return NoToken();
  std::vector<std::string> repeated;
  Result<Json> json = ParseJson(*text, &repeated, kMaxClaimsDepth);
  if (!json.ok() || !json->is_object()) return NoToken();
  if (!repeated.empty()) {
    return Error(Code::kUnauthorized, fmt::format("token: repeated field \"{}\"", repeated[0]));
  }
  return json;
}

}  // namespace

Result<Token> ParseToken(std::string_view text) {
  if (text.size() > kMaxTokenBytes) return NoToken();
  const size_t first = text.find('.');
  const size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return NoToken();
  GANTRY_TRY_SET(const Json header, DecodePart(text.substr(0, first)));
  const auto signature = Base64UrlDecode(text.substr(second + 1));
  if (!signature) return NoToken();
  const std::string name = GetString(header, "alg");
  const auto algorithm = AlgorithmFrom(name);
  if (!algorithm || signature->empty()) {
    return Error(Code::kUnauthorized, fmt::format("token: algorithm \"{}\" is not accepted", name));
  }
  for (const char* extension : {"crit", "b64"}) {
    if (header.contains(extension)) {
      return Error(Code::kUnauthorized,
                   fmt::format("token: header \"{}\" is not supported", extension));
    }
  }
  GANTRY_TRY_SET(Json claims, DecodePart(text.substr(first + 1, second - first - 1)));
  return Token{*algorithm, GetString(header, "kid"), std::move(claims)};
}

}  // namespace gantry::apiserver::jwt
