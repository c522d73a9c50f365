#include "apis/machinery/meta/field_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apis/machinery/base/check.h"

namespace gantry {
namespace {

using Type = FieldError::Type;

std::string_view Headline(Type type) {
  switch (type) {
    case Type::kInvalid:
    case Type::kTypeInvalid: return "Invalid value";
    case Type::kRequired: return "Required value";
    case Type::kForbidden: return "Forbidden";
    case Type::kNotSupported: return "Unsupported value";
    case Type::kDuplicate: return "Duplicate value";
    case Type::kTooLong: return "Too long";
    case Type::kTooMany: return "Too many";
    case Type::kNotFound: return "Not found";
    case Type::kInternal: return "Internal error";
  }
  return "";
}

std::string ShortValue(const Json& value) {
  std::string text = DumpJson(value);
  constexpr size_t kLimit = 256;
  if (text.size() > kLimit) text = text.substr(0, kLimit) + "...";
  return text;
}

// Objects whose wrong values may be secrets in the wrong place.
bool IsConfidential(const GroupKind& kind) {
  return (kind.group.empty() && kind.kind == "Secret") ||
         (kind.group == "authentication.k8s.io" && kind.kind == "TokenReview");
}

}  // namespace

std::string FieldError::ToString() const {
  std::string out = field.empty() ? "<root>: " : field + ": ";
  if (!place.empty()) out += place + ": ";
  out += Headline(type);
  if (!value.empty()) out += ": " + value;
  if (!detail.empty()) out += ": " + detail;
  return out;
}

std::string_view FieldError::Reason() const {
  switch (type) {
    case Type::kInvalid: return "FieldValueInvalid";
    case Type::kRequired: return "FieldValueRequired";
    case Type::kForbidden: return "FieldValueForbidden";
    case Type::kNotSupported: return "FieldValueNotSupported";
    case Type::kDuplicate: return "FieldValueDuplicate";
    case Type::kTypeInvalid: return "FieldValueTypeInvalid";
    case Type::kTooLong: return "FieldValueTooLong";
    case Type::kTooMany: return "FieldValueTooMany";
    case Type::kNotFound: return "FieldValueNotFound";
    case Type::kInternal: return "InternalError";
  }
  return "";
}

FieldError Invalid(std::string field, const Json& value, std::string detail) {
  return {Type::kInvalid, std::move(field), ShortValue(value), std::move(detail)};
}
FieldError Required(std::string field, std::string detail) {
  return {Type::kRequired, std::move(field), "", std::move(detail)};
}
FieldError Forbidden(std::string field, std::string detail) {
  return {Type::kForbidden, std::move(field), "", std::move(detail)};
}
FieldError NotSupported(std::string field, const Json& value,
                        const std::vector<std::string>& allowed) {
  return {Type::kNotSupported, std::move(field), ShortValue(value),
          fmt::format("supported values: \"{}\"", fmt::join(allowed, "\", \""))};
}
FieldError Duplicate(std::string field, const Json& value) {
  return {Type::kDuplicate, std::move(field), ShortValue(value), ""};
}
FieldError TypeInvalid(std::string field, const Json& value, std::string detail) {
  return {Type::kTypeInvalid, std::move(field), ShortValue(value), std::move(detail)};
}
FieldError TooLong(std::string field, size_t limit) {
  return {Type::kTooLong, std::move(field), "",
          fmt::format("may not be more than {} bytes", limit)};
}
FieldError TooMany(std::string field, size_t actual, size_t limit) {
  return {Type::kTooMany, std::move(field), fmt::format("{}", actual),
          fmt::format("must have at most {} items", limit)};
}

Error InvalidObject(const GroupKind& kind, std::string_view name, const FieldErrors& errors) {
  GANTRY_CHECK(!errors.empty());
  ErrorDetails details;
  details.group = kind.group;
  details.kind = kind.kind;
  details.name = std::string(name);
  std::vector<std::string> lines;
  for (FieldError e : errors) {
    if (IsConfidential(kind) && !e.value.empty() && !e.field.starts_with("metadata")) {
      e.value = "<confidential>";
    }
    const std::string text = e.ToString();
    lines.push_back(text);
    const std::string prefix = (e.field.empty() ? "<root>" : e.field) + ": ";
    details.causes.push_back({std::string(e.Reason()), text.substr(prefix.size()), e.field});
  }
  const std::string full_kind = kind.group.empty() ? kind.kind : kind.kind + "." + kind.group;
  std::string message =
      lines.size() == 1
          ? fmt::format("{} \"{}\" is invalid: {}", full_kind, name, lines[0])
          : fmt::format("{} \"{}\" is invalid: [{}]", full_kind, name, fmt::join(lines, ", "));
  return Error(Code::kInvalid, std::move(message), std::move(details));
}

}  // namespace gantry
