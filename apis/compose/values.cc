#include "apis/compose/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "apis/compose/words.h"
#include "apis/machinery/base/clock.h"

namespace gantry::compose {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int64_t>::max();

// A finite, non-negative decimal number.
std::optional<double> ParseNumber(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos)
    return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::optional<double> UnitScale(const std::string& unit) {
  static const std::map<std::string, double> scales = {
      {"", 1},         {"b", 1},       {"k", 0x1p10},   {"kb", 0x1p10}, {"kib", 0x1p10},
      {"m", 0x1p20},   {"mb", 0x1p20}, {"mib", 0x1p20}, {"g", 0x1p30},  {"gb", 0x1p30},
      {"gib", 0x1p30}, {"t", 0x1p40},  {"tb", 0x1p40},  {"tib", 0x1p40}};
  const auto it = scales.find(unit);
  if (it == scales.end()) return std::nullopt;
  return it->second;
}

}  // namespace

std::optional<std::string> ScalarText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return DumpJson(value);
  return std::nullopt;
}

std::optional<int64_t> ParseWhole(const std::string& text) {
  int64_t number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (text.size() > 1 && text[0] == '+') ++begin;
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::optional<std::string> ReadText(const Field& field, Diagnostics* diag) {
  auto text = ScalarText(field.value);
  if (!text) diag->Invalid(field.place, field.value, "must be a string");
  return text;
}

std::optional<int64_t> ReadWhole(const Field& field, int64_t min, int64_t max, Diagnostics* diag) {
  const auto text = field.value.is_boolean() ? std::nullopt : ScalarText(field.value);
  const auto number = text ? ParseWhole(*text) : std::nullopt;
  if (number && *number >= min && *number <= max) return number;
  diag->Invalid(field.place, field.value,
                !number && min == 0 ? "must be a whole number of at least 0"
                : max == kMaxInt
                    ? fmt::format("must be a whole number of at least {}", min)
                    : fmt::format("must be a whole number between {} and {}", min, max));
  return std::nullopt;
}

std::optional<double> ReadNumber(const Field& field, Diagnostics* diag) {
  const auto text = field.value.is_boolean() ? std::nullopt : ScalarText(field.value);
  auto number = text ? ParseNumber(*text) : std::nullopt;
  if (!number) diag->Invalid(field.place, field.value, "must be a number of at least 0");
  return number;
}

std::optional<bool> ReadBool(const Field& field, Diagnostics* diag) {
  const std::string text = Lower(ScalarText(field.value).value_or(""));
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  diag->Invalid(field.place, field.value, "must be true or false");
  return std::nullopt;
}

std::optional<double> ReadSeconds(const Field& field, Diagnostics* diag) {
  if (field.value.is_string()) {
    const auto duration = ParseDuration(field.value.get<std::string>());
    if (duration.ok() && duration->count() >= 0)
      return std::chrono::duration<double>(*duration).count();
  }
  diag->Invalid(field.place, field.value, "must be a duration such as 30s, 1m30s or 250ms");
  return std::nullopt;
}

std::optional<int64_t> ReadBytes(const Field& field, Diagnostics* diag) {
  const std::string text = Lower(ScalarText(field.value).value_or(""));
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = ParseNumber(text.substr(0, digits));
  size_t unit = digits;
  while (unit < text.size() && text[unit] == ' ') ++unit;
  const auto scale = UnitScale(text.substr(unit));
  if (number && scale && *number * *scale < 0x1p62) return static_cast<int64_t>(*number * *scale);
  diag->Invalid(field.place, field.value,
                "must be a size such as 512m or 1gb (units b, k, m, g, t)");
  return std::nullopt;
}

std::optional<std::vector<std::string>> ReadTexts(const Field& field, Diagnostics* diag) {
  std::vector<std::string> out;
  if (!field.value.is_array()) {
    auto text = ReadText(field, diag);
    if (!text) return std::nullopt;
    out.push_back(*std::move(text));
    return out;
  }
  for (size_t i = 0; i < field.value.size(); ++i) {
    auto text = ReadText(field.Item(i), diag);
    if (!text) return std::nullopt;
    out.push_back(*std::move(text));
  }
  return out;
}

std::vector<std::string> ReadSet(const Field& field, Diagnostics* diag) {
  std::vector<std::string> out;
  const auto texts = ReadTexts(field, diag);
  for (const std::string& text : texts.value_or(std::vector<std::string>())) {
    if (text.empty()) diag->Invalid(field.place, field.value, "has an empty text");
    else if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  }
  return out;
}

std::optional<std::vector<std::string>> ReadWords(const Field& field, Diagnostics* diag) {
  if (field.value.is_array()) return ReadTexts(field, diag);
  const auto text = ReadText(field, diag);
  if (!text) return std::nullopt;
  auto words = SplitWords(*text);
  if (words.ok()) return *std::move(words);
  diag->Invalid(field.place, field.value, words.error().message);
  return std::nullopt;
}

bool IsMap(const Field& field, Diagnostics* diag) {
  if (field.value.is_object()) return true;
  if (!field.value.is_null()) diag->Invalid(field.place, field.value, "must be a map");
  return false;
}

bool IsList(const Field& field, Diagnostics* diag) {
  if (field.value.is_array()) return true;
  if (!field.value.is_null()) diag->Invalid(field.place, field.value, "must be a list");
  return false;
}

std::vector<KeyValue> ReadKeyValues(const Field& field,
                                    const std::map<std::string, size_t>& secrets,
                                    Diagnostics* diag) {
  std::vector<KeyValue> out;
  if (field.value.is_object()) {
    for (const auto& [key, value] : field.value.items()) {
      const std::string place = Join(field.place, key);
      auto text = ScalarText(value);
      if (!text && !value.is_null()) {
        diag->Invalid(place, value, "must be a string, a number, a boolean or null");
        continue;
      }
      out.push_back({key, std::move(text), place, secrets.count(place) > 0});
    }
    return out;
  }
  if (!field.value.is_array()) {
    if (!field.value.is_null())
      diag->Invalid(field.place, field.value, "must be a map, or a list of KEY=value");
    return out;
  }
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    const auto text = ReadText(item, diag);
    if (!text) continue;
    const auto secret = secrets.find(item.place);
    const size_t equals = text->find('=');
    if (secret != secrets.end() && (equals == std::string::npos || secret->second <= equals)) {
      diag->Forbidden(item.place, "the value of a Secret may stand only after the `=`");
      continue;
    }
    KeyValue entry;
    entry.key = text->substr(0, equals);
    if (equals != std::string::npos) entry.value = text->substr(equals + 1);
    entry.place = Join(field.place, entry.key);
    entry.secret = secret != secrets.end();
    diag->sources()->TakenFrom(entry.place, item.place);
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace gantry::compose
