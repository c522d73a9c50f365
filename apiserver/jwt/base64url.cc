#include "apiserver/jwt/base64url.h"

#include <algorithm>

#include "apis/machinery/base/encoding.h"

namespace gantry::apiserver::jwt {

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  std::string plain;
  plain.reserve(text.size() + 2);
  for (const char c : text) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '_') return std::nullopt;
    plain.push_back(c == '-' ? '+' : c == '_' ? '/' : c);
  }
  if (plain.size() % 4 == 1) return std::nullopt;
  plain.append((4 - plain.size() % 4) % 4, '=');
  return Base64Decode(plain);
}

}  // namespace gantry::apiserver::jwt
