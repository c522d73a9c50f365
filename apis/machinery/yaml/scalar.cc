#include <charconv>
#include <cmath>
#include <cstdlib>

#include "apis/machinery/yaml/yaml.h"

namespace gantry::yaml {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// [-+]digits in the base that the prefix says; nothing when it is no integer of 64 bits.
std::optional<Json> ParseInteger(std::string_view s) {
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  int base = 10;
  if (s.size() > 1 && s[0] == '0') {
    const char c = s[1] | 0x20;
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    s.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
  }
  if (s.empty()) return std::nullopt;
  uint64_t magnitude = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), magnitude, base);
  if (ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  constexpr uint64_t kMax = static_cast<uint64_t>(INT64_MAX);
  if (!negative) return magnitude <= kMax ? Json(static_cast<int64_t>(magnitude)) : Json(magnitude);
  if (magnitude > kMax + 1) return std::nullopt;
  return Json(static_cast<int64_t>(~magnitude + 1));
}

// [-+](digits[.digits*]|.digits)([eE][-+]digits)
bool LooksLikeFloat(std::string_view s) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t from = i;
    while (i < s.size() && IsDigit(s[i])) ++i;
    return i > from;
  };
  if (i < s.size() && (s[i] == '-' || s[i] == '+')) ++i;
  const bool whole = digits();
  if (i < s.size() && s[i] == '.') {
    ++i;
    if (!digits() && !whole) return false;
  } else if (!whole) {
    return false;
  }
  if (i < s.size() && (s[i] | 0x20) == 'e') {
    ++i;
    if (i < s.size() && (s[i] == '-' || s[i] == '+')) ++i;
    if (!digits()) return false;
  }
  return i == s.size();
}

bool IsOneOf(std::string_view s, std::initializer_list<std::string_view> names) {
  for (std::string_view n : names) {
    if (s == n) return true;
  }
  return false;
}

}  // namespace

Result<Json> ResolvePlainScalar(const std::string& text) {
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) return Json(nullptr);
  if (IsOneOf(text, {"true", "True", "TRUE"})) return Json(true);
  if (IsOneOf(text, {"false", "False", "FALSE"})) return Json(false);
  const char c = text[0];
  if (!IsDigit(c) && c != '-' && c != '+' && c != '.') return Json(text);
  const std::string_view unsigned_part =
      std::string_view(text).substr(c == '-' || c == '+' ? 1 : 0);
  if (IsOneOf(unsigned_part, {".inf", ".Inf", ".INF"}) || IsOneOf(text, {".nan", ".NaN", ".NAN"})) {
    return Error(Code::kBadRequest, text + " has no form in JSON");
  }
  std::string digits;
  for (char d : text) {
    if (d != '_') digits.push_back(d);
  }
  if (unsigned_part.empty() || unsigned_part[0] == '_') return Json(text);
  if (auto integer = ParseInteger(digits)) return *std::move(integer);
  if (!LooksLikeFloat(digits)) return Json(text);
  const double value = std::strtod(digits.c_str(), nullptr);
  if (!std::isfinite(value)) return Json(text);
  constexpr double kExact = 9007199254740992.0;  // 2^53: below, every whole double is that integer
  if (std::floor(value) == value && std::fabs(value) < kExact) {
    return Json(static_cast<int64_t>(value));
  }
  return Json(value);
}

}  // namespace gantry::yaml
