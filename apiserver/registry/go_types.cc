#include "apiserver/registry/go_types.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "apis/machinery/meta/object.h"
#include "apis/machinery/schema/format.h"

namespace gantry::apiserver {
namespace {

std::string Capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

class Decoder {
 public:
  explicit Decoder(const std::string& kind) : kind_(kind) {}

  // The first fault in document order; empty: none.
  std::string Check(const Json& schema, const Json& value) {
    if (value.is_null() || GetBool(schema, "x-kubernetes-int-or-string")) return "";
    const std::string type = GetString(schema, "type");
    if (type == "object")
      return value.is_object() ? Members(schema, value) : Mismatch(schema, value);
    if (type == "array") return value.is_array() ? Items(schema, value) : Mismatch(schema, value);
    if (type == "string") return value.is_string() ? Form(schema, value) : Mismatch(schema, value);
    if (type == "boolean") return value.is_boolean() ? "" : Mismatch(schema, value);
    if (type == "number") return value.is_number() ? "" : Mismatch(schema, value);
    if (type == "integer") return IsWhole(value) ? "" : Mismatch(schema, value);
    return "";
  }

 private:
  static bool IsWhole(const Json& value) {
    if (value.is_number_integer()) return true;
    return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
  }

  std::string Members(const Json& schema, const Json& object) {
    const Json& properties = GetObject(schema, "properties");
    const Json& additional = GetObject(schema, "additionalProperties");
    for (const auto& [key, value] : object.items()) {
      const auto property = properties.find(key);
      const bool known = property != properties.end();
      if (path_.empty() && (!known || key == "metadata")) continue;
      // A map is one field: its keys are not named.
      if (known) path_.push_back(key);
      const std::string why = Check(known ? *property : additional, value);
      if (known) path_.pop_back();
      if (!why.empty()) return why;
    }
    return "";
  }

  std::string Items(const Json& schema, const Json& array) {
    const Json& items = GetObject(schema, "items");
    for (const Json& item : array) {
      if (std::string why = Check(items, item); !why.empty()) return why;
    }
    return "";
  }

  // Texts that Go reads as something else.
  static std::string Form(const Json& schema, const Json& value) {
    const std::string format = GetString(schema, "format");
    if (schema::CheckFormat(format, value)) return "";
    const std::string& text = value.get_ref<const std::string&>();
    if (format == "byte") {
      const size_t bad = text.find_first_not_of(
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n");
      return fmt::format("illegal base64 data at input byte {}",
                         bad == text.npos ? text.size() / 4 * 4 : bad);
    }
    if (format != "date-time") return "";
    return fmt::format(
        "parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse {} as a time",
        DumpJson(value), DumpJson(value));
  }

  std::string Mismatch(const Json& schema, const Json& value) const {
    const std::vector<std::string> parent(path_.begin(), path_.end() - (path_.empty() ? 0 : 1));
    return fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}",
                       NameOf(schema, value), StructName(parent), fmt::join(path_, "."),
                       TypeName(schema));
  }

  static std::string NameOf(const Json& schema, const Json& value) {
    if (value.is_string()) return "string";
    if (value.is_boolean()) return "bool";
    if (value.is_array()) return "array";
    if (value.is_object()) return "object";
    return GetString(schema, "type") == "integer" ? "number " + DumpJson(value) : "number";
  }

  std::string StructName(const std::vector<std::string>& path) const {
    if (path.empty()) return kind_;
    const std::string field = Capitalized(path.back());
    return path.size() == 1 && (field == "Spec" || field == "Status") ? kind_ + field : field;
  }

  std::string TypeName(const Json& schema) const {
    const std::string type = GetString(schema, "type");
    const std::string format = GetString(schema, "format");
    if (type == "string") {
      return format == "byte" ? "[]uint8" : format == "date-time" ? "time.Time" : "string";
    }
    if (type == "boolean") return "bool";
    if (type == "integer") return format == "int32" ? "int32" : "int64";
    if (type == "number") return "float64";
    if (type == "array") return "[]" + TypeName(GetObject(schema, "items"));
    const Json& additional = GetObject(schema, "additionalProperties");
    if (!additional.empty()) return "map[string]" + TypeName(additional);
    return "v1." + StructName(path_);
  }

  const std::string& kind_;
  std::vector<std::string> path_;  // fields from the root; neither keys nor indices
};

}  // namespace

bool HasGoType(const schema::Definition& definition) {
  return definition.builtin && definition.group != "gantry.dev";
}

std::string GoTypeError(const std::string& kind, const Json& openapi, const Json& object) {
  return Decoder(kind).Check(openapi, object);
}

}  // namespace gantry::apiserver
