#include "apis/compose/diagnostics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gantry::compose {
namespace {

constexpr char kDocument[] = "spec.compose";

bool IsPlain(std::string_view key) {
  if (key.empty()) return false;
  for (const char c : key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    if (!plain) return false;
  }
  return true;
}

std::string Text(yaml::Position at) {
  return fmt::format("line {}, column {}", at.line, at.column);
}

}  // namespace

std::string Join(std::string_view place, std::string_view key) {
  std::string out(place);
  if (!IsPlain(key)) return out.append("[").append(key).append("]");
  if (!out.empty()) out += '.';
  return out.append(key);
}

std::string Join(std::string_view place, size_t index) {
  std::string out(place);
  return out.append("[").append(std::to_string(index)).append("]");
}

void Diagnostics::Add(FieldError error, std::string place) {
  const auto at = sources_.Find(place);
  Add(std::move(error), std::move(place), at);
}

void Diagnostics::Add(FieldError error, std::string place, std::optional<yaml::Position> at) {
  error.place = std::move(place);
  if (at) error.detail += fmt::format(" ({})", Text(*at));
  errors_.push_back(std::move(error));
}

void Diagnostics::Invalid(std::string place, const Json& value, std::string detail) {
  Add(gantry::Invalid(kDocument, value, std::move(detail)), std::move(place));
}

void Diagnostics::Required(std::string place, std::string detail) {
  Add(gantry::Required(kDocument, std::move(detail)), std::move(place));
}

void Diagnostics::Forbidden(std::string place, std::string detail) {
  Add(gantry::Forbidden(kDocument, std::move(detail)), std::move(place));
}

void Diagnostics::Duplicate(std::string place, const Json& value) {
  FieldError error = gantry::Duplicate(kDocument, value);
  error.detail = "is there already";
  Add(std::move(error), std::move(place));
}

void Diagnostics::Duplicate(std::string place, const Json& value, yaml::Position at) {
  FieldError error = gantry::Duplicate(kDocument, value);
  error.detail = "is there already";
  Add(std::move(error), std::move(place), at);
}

void Diagnostics::Unsupported(std::string place, const Json& value, std::string detail) {
  FieldError error = gantry::NotSupported(kDocument, value, {});
  error.detail = std::move(detail);
  Add(std::move(error), std::move(place));
}

void Diagnostics::Malformed(std::string detail) {
  errors_.push_back({FieldError::Type::kInvalid, kDocument, "", std::move(detail), ""});
}

void Diagnostics::Malformed(std::string detail, yaml::Position at) {
  Malformed(fmt::format("{} ({})", detail, Text(at)));
}

void Diagnostics::MissingParameter(std::string detail, const std::vector<std::string>& uses) {
  std::vector<std::string> positions;
  for (const std::string& place : uses) {
    if (const auto at = sources_.Find(place)) positions.push_back(Text(*at));
  }
  if (!positions.empty()) detail += fmt::format(" ({})", fmt::join(positions, "; "));
  errors_.push_back(gantry::Required("spec.parameters", std::move(detail)));
}

void Diagnostics::Warn(std::string_view place, std::string_view text) {
  const auto at = sources_.Find(place);
  warnings_.push_back(
      fmt::format("{}: {}{}", place, text, at ? fmt::format(" ({})", Text(*at)) : ""));
}

void Diagnostics::WarnOfParameter(std::string_view name, std::string_view text) {
  warnings_.push_back(fmt::format("{}: {}", Join("spec.parameters", name), text));
}

void Diagnostics::NotDone(std::string_view place, const std::string& subject,
                          std::string_view text) {
  Warn(place, text);
  not_done_[subject].emplace_back(place);
}

}  // namespace gantry::compose
