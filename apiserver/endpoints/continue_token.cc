#include "apiserver/endpoints/continue_token.h"

#include <charconv>

namespace gantry::apiserver {
namespace {
constexpr char kHex[] = "0123456789abcdef";

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}
}  // namespace

std::string ContinueToken::Encode() const {
  const std::string text = std::to_string(revision) + ":" + start;
  std::string token;
  for (const char c : text) {
    const auto b = static_cast<unsigned char>(c);
    token += kHex[b >> 4];
    token += kHex[b & 15];
  }
  return token;
}

Result<ContinueToken> ContinueToken::Decode(const std::string& text) {
  const Error bad(Code::kBadRequest, "continue key is not valid");
  std::string plain;
  if (text.size() % 2 != 0) return bad;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = Digit(text[i]);
    const int low = Digit(text[i + 1]);
    if (high < 0 || low < 0) return bad;
    plain += static_cast<char>(high * 16 + low);
  }
  const size_t colon = plain.find(':');
  if (colon == std::string::npos) return bad;
  ContinueToken token;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + colon, token.revision);
  if (error != std::errc() || end != plain.data() + colon) return bad;
  token.start = plain.substr(colon + 1);
  return token;
}

}  // namespace gantry::apiserver
