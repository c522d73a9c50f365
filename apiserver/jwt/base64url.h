#pragma once

#include <optional>
#include <string>
#include <string_view>

// The alphabet of tokens and keys: RFC 4648 section 5, without padding.
namespace gantry::apiserver::jwt {

std::string Base64UrlEncode(std::string_view bytes);
// Nothing for other letters, padding, and lengths that no encoding has.
std::optional<std::string> Base64UrlDecode(std::string_view text);

}  // namespace gantry::apiserver::jwt
