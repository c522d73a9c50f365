#include "apis/compose/diagnostics.h"

#include <fmt/format.h>

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

}  // namespace

std::string Join(std::string_view place, std::string_view key) {
  if (!IsPlain(key)) return fmt::format("{}[{}]", place, key);
  if (place.empty()) return std::string(key);
  return fmt::format("{}.{}", place, key);
}

std::string Join(std::string_view place, size_t index) {
  return fmt::format("{}[{}]", place, index);
}

void Diagnostics::Add(FieldError error, std::string place) {
  error.place = std::move(place);
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
  Add(gantry::Duplicate(kDocument, value), std::move(place));
}

void Diagnostics::Unsupported(std::string place, const Json& value, std::string detail) {
  FieldError error = gantry::NotSupported(kDocument, value, {});
  error.detail = std::move(detail);
  Add(std::move(error), std::move(place));
}

void Diagnostics::Malformed(std::string detail) {
  errors_.push_back({FieldError::Type::kInvalid, kDocument, "", std::move(detail), ""});
}

void Diagnostics::MissingParameter(std::string detail) {
  errors_.push_back(gantry::Required("spec.parameters", std::move(detail)));
}

void Diagnostics::Warn(std::string_view place, std::string_view text) {
  warnings_.push_back(fmt::format("{}: {}", place, text));
}

}  // namespace gantry::compose
