#include "apis/machinery/schema/structural.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <functional>
#include <map>

#include "apis/machinery/schema/format.h"
#include "apis/machinery/schema/keywords.h"
#include "apis/machinery/schema/rules.h"

namespace gantry::schema {
namespace {

const std::vector<std::string>& Types() {
  static const auto* const types =
      new std::vector<std::string>{"array", "boolean", "integer", "number", "object", "string"};
  return *types;
}

// The JSON type that a keyword's value must have.
const std::map<std::string, std::string, std::less<>>& KeywordTypes() {
  static const auto* const types = new std::map<std::string, std::string, std::less<>>{
      {"type", "string"},
      {"format", "string"},
      {"title", "string"},
      {"description", "string"},
      {"pattern", "string"},
      {"nullable", "boolean"},
      {"uniqueItems", "boolean"},
      {"exclusiveMinimum", "boolean"},
      {"exclusiveMaximum", "boolean"},
      {"minimum", "number"},
      {"maximum", "number"},
      {"multipleOf", "number"},
      {"minLength", "integer"},
      {"maxLength", "integer"},
      {"minItems", "integer"},
      {"maxItems", "integer"},
      {"minProperties", "integer"},
      {"maxProperties", "integer"},
      {"required", "array"},
      {"enum", "array"},
      {"allOf", "array"},
      {"anyOf", "array"},
      {"oneOf", "array"},
      {"not", "object"},
      {"properties", "object"},
      {"x-kubernetes-preserve-unknown-fields", "boolean"},
      {"x-kubernetes-int-or-string", "boolean"},
      {"x-kubernetes-embedded-resource", "boolean"},
      {"x-kubernetes-list-type", "string"},
      {"x-kubernetes-list-map-keys", "array"},
      {"x-kubernetes-map-type", "string"},
      {"x-kubernetes-validations", "array"}};
  return *types;
}

class Checker {
 public:
  explicit Checker(FieldErrors* out) : out_(out) {}

  // A place that the schema specifies: the root, a property, an item, an additional property.
  void Place(const Json& schema, const std::string& path, const char* what) {
    if (!Shape(schema, path)) return;
    const std::string type = GetString(schema, "type");
    const bool int_or_string = Flag(schema, "x-kubernetes-int-or-string");
    const bool preserve = Flag(schema, "x-kubernetes-preserve-unknown-fields");
    if (int_or_string && !type.empty())
      Forbid(path + ".type", "must be empty if x-kubernetes-int-or-string is true");
    if (type.empty() && !int_or_string && !preserve)
      out_->push_back(Required(path + ".type", std::string("must not be empty ") + what));
    if (!type.empty() && std::find(Types().begin(), Types().end(), type) == Types().end())
      out_->push_back(NotSupported(path + ".type", type, Types()));
    Numbers(schema, path);
    Extensions(schema, path, type);
    Lists(schema, path, type);

    const Json* properties = Find(schema, "properties");
    const Json* additional = Find(schema, "additionalProperties");
    if (properties && additional && !(additional->is_object() && additional->empty()))
      Forbid(path + ".additionalProperties",
             "additionalProperties and properties are mutual exclusive");
    if (additional && additional->is_boolean() && !additional->get<bool>())
      Forbid(path + ".additionalProperties", "additionalProperties cannot be set to false");
    if (additional && additional->is_object())
      Place(*additional, path + ".additionalProperties", "for specified object fields");
    if (properties)
      for (const auto& [name, sub] : properties->items())
        Place(sub, fmt::format("{}.properties[{}]", path, name), "for specified object fields");
    if (const Json* items = Find(schema, "items")) {
      if (items->is_array()) {
        Forbid(path + ".items", "items must be a schema object and not an array");
      } else {
        Place(*items, path + ".items", "for specified array items");
      }
    } else if (type == "array") {
      out_->push_back(Required(path + ".items", "must be specified"));
    }
    Junctors(schema, schema, path);
  }

 private:
  void Forbid(std::string path, std::string why) {
    out_->push_back(Forbidden(std::move(path), std::move(why)));
  }

  // Keywords have values of the right JSON type; false when nothing else can be looked at.
  bool Shape(const Json& schema, const std::string& path) {
    if (!schema.is_object()) {
      out_->push_back(TypeInvalid(path, schema, "must be an object"));
      return false;
    }
    bool ok = true;
    for (const auto& [key, value] : schema.items()) {
      if (key == "$ref" || key == "definitions" || key == "dependencies" || key == "id" ||
          key == "patternProperties" || key == "additionalItems") {
        Forbid(path + "." + key, key + " is not supported");
      }
      const auto it = KeywordTypes().find(key);
      if (it == KeywordTypes().end() || value.is_null()) continue;
      const bool fits = it->second == "number" ? value.is_number() : TypeName(value) == it->second;
      if (fits) continue;
      out_->push_back(TypeInvalid(path + "." + key, value, "must be of type " + it->second));
      ok = false;
    }
    for (const char* key : {"required", "x-kubernetes-list-map-keys"}) {
      const Json* names = Find(schema, key);
      if (!names || !names->is_array()) continue;
      for (size_t i = 0; i < names->size(); ++i) {
        if ((*names)[i].is_string()) continue;
        out_->push_back(TypeInvalid(fmt::format("{}.{}[{}]", path, key, i), (*names)[i],
                                    "must be of type string"));
        ok = false;
      }
    }
    if (const Json* a = Find(schema, "additionalProperties");
        a && !a->is_object() && !a->is_boolean()) {
      out_->push_back(
          TypeInvalid(path + ".additionalProperties", *a, "must be of type object or boolean"));
      ok = false;
    }
    if (Flag(schema, "uniqueItems"))
      Forbid(path + ".uniqueItems",
             "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
    const std::string pattern = GetString(schema, "pattern");
    if (const RE2 re(pattern, RE2::Quiet); !re.ok())
      out_->push_back(Invalid(path + ".pattern", pattern,
                              "must be a valid regular expression, but isn't: " + re.error()));
    if (const Json* values = Find(schema, "enum"); values && values->is_array() && values->empty())
      out_->push_back(Invalid(path + ".enum", *values, "must have at least one value"));
    return ok;
  }

  void Numbers(const Json& schema, const std::string& path) {
    for (const char* key :
         {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"})
      if (const Json* v = Find(schema, key); v && *v < 0)
        out_->push_back(Invalid(path + "." + key, *v, "must be greater than or equal to 0"));
    if (const Json* v = Find(schema, "multipleOf"); v && *v <= 0)
      out_->push_back(Invalid(path + ".multipleOf", *v, "must be greater than 0"));
  }

  void Extensions(const Json& schema, const std::string& path, const std::string& type) {
    const Json* preserve = Find(schema, "x-kubernetes-preserve-unknown-fields");
    if (preserve && !preserve->get<bool>())
      out_->push_back(Invalid(path + ".x-kubernetes-preserve-unknown-fields", false,
                              "must be true or undefined"));
    if (Flag(schema, "x-kubernetes-embedded-resource")) {
      if (type != "object")
        out_->push_back(Invalid(path + ".type", type,
                                "must be object if x-kubernetes-embedded-resource is true"));
      if (!Find(schema, "properties") && !preserve)
        out_->push_back(Required(path + ".properties",
                                 "must not be empty if x-kubernetes-embedded-resource is true "
                                 "without x-kubernetes-preserve-unknown-fields"));
    }
    const std::string map_type = GetString(schema, "x-kubernetes-map-type");
    if (map_type.empty()) return;
    if (type != "object")
      out_->push_back(
          Invalid(path + ".type", type, "must be object if x-kubernetes-map-type is specified"));
    if (map_type != "atomic" && map_type != "granular")
      out_->push_back(
          NotSupported(path + ".x-kubernetes-map-type", map_type, {"atomic", "granular"}));
  }

  void Lists(const Json& schema, const std::string& path, const std::string& type) {
    const std::string list_type = GetString(schema, "x-kubernetes-list-type");
    const std::vector<std::string> keys = GetStrings(schema, "x-kubernetes-list-map-keys");
    if (!list_type.empty()) {
      if (list_type != "atomic" && list_type != "set" && list_type != "map")
        out_->push_back(
            NotSupported(path + ".x-kubernetes-list-type", list_type, {"atomic", "map", "set"}));
      if (type != "array")
        out_->push_back(
            Invalid(path + ".type", type, "must be array if x-kubernetes-list-type is specified"));
    }
    if (list_type != "map") {
      if (!keys.empty())
        Forbid(path + ".x-kubernetes-list-map-keys",
               "must not be specified if x-kubernetes-list-type is not map");
      return;
    }
    if (keys.empty())
      out_->push_back(Required(path + ".x-kubernetes-list-map-keys",
                               "must not be empty if x-kubernetes-list-type is map"));
    const Json* items = Find(schema, "items");
    if (!items || !items->is_object()) return;
    if (GetString(*items, "type") != "object") {
      out_->push_back(Invalid(path + ".items.type", GetString(*items, "type"),
                              "must be object if parent array's x-kubernetes-list-type is map"));
      return;
    }
    const Json* properties = Find(*items, "properties");
    const std::vector<std::string> required =
        Find(*items, "required") && (*items)["required"].is_array() ? GetStrings(*items, "required")
                                                                    : std::vector<std::string>();
    for (size_t i = 0; i < keys.size(); ++i) {
      if (std::find(keys.begin(), keys.begin() + static_cast<long>(i), keys[i]) !=
          keys.begin() + static_cast<long>(i))
        out_->push_back(
            Duplicate(fmt::format("{}.x-kubernetes-list-map-keys[{}]", path, i), keys[i]));
      const Json* key = properties ? Find(*properties, keys[i]) : nullptr;
      if (!key) {
        out_->push_back(Invalid(fmt::format("{}.x-kubernetes-list-map-keys[{}]", path, i), keys[i],
                                "entries must all be names of item properties"));
        continue;
      }
      const std::string at = fmt::format("{}.items.properties[{}]", path, keys[i]);
      const std::string key_type = GetString(*key, "type");
      if (key_type == "object" || key_type == "array")
        out_->push_back(
            Invalid(at + ".type", key_type,
                    "must be a scalar type if parent array's x-kubernetes-list-type is map"));
      if (!Find(*key, "default") &&
          std::find(required.begin(), required.end(), keys[i]) == required.end())
        out_->push_back(Required(at + ".default",
                                 "this property is in x-kubernetes-list-map-keys, so it must have "
                                 "a default or be a required property"));
    }
  }

  // What stands below allOf, anyOf, oneOf and not may only restrict what `outer` specifies.
  void Junctors(const Json& schema, const Json& outer, const std::string& path) {
    for (const char* key : {"allOf", "anyOf", "oneOf"}) {
      const Json* list = Find(schema, key);
      if (!list) continue;
      for (size_t i = 0; i < list->size(); ++i)
        Restriction((*list)[i], outer, fmt::format("{}.{}[{}]", path, key, i));
    }
    if (const Json* negated = Find(schema, "not")) Restriction(*negated, outer, path + ".not");
  }

  void Restriction(const Json& schema, const Json& outer, const std::string& path) {
    if (!Shape(schema, path)) return;
    Numbers(schema, path);
    const bool int_or_string = Flag(outer, "x-kubernetes-int-or-string");
    for (const char* key :
         {"description", "title", "default", "additionalProperties", "nullable", "type",
          "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string",
          "x-kubernetes-embedded-resource", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
          "x-kubernetes-map-type"}) {
      const Json* value = Find(schema, key);
      if (!value || (value->is_boolean() && !value->get<bool>())) continue;
      if (key == std::string("type") && int_or_string)
        continue;  // the usual anyOf of the two types
      Forbid(path + "." + key, value->is_boolean() ? "must be false to be structural"
                                                   : "must be empty to be structural");
    }
    if (const Json* properties = Find(schema, "properties")) {
      const Json* known = Find(outer, "properties");
      for (const auto& [name, sub] : properties->items()) {
        const std::string at = fmt::format("{}.properties[{}]", path, name);
        const Json* counterpart = known ? Find(*known, name) : nullptr;
        if (!counterpart) {
          out_->push_back(Required(at,
                                   "because it is defined in a logical junctor, it must be "
                                   "specified outside of it as well"));
        }
        Restriction(sub, counterpart ? *counterpart : Json::object(), at);
      }
    }
    if (const Json* items = Find(schema, "items"); items && items->is_object()) {
      const Json* counterpart = Find(outer, "items");
      if (!counterpart)
        out_->push_back(Required(path + ".items",
                                 "because it is defined in a logical junctor, it "
                                 "must be specified outside of it as well"));
      Restriction(*items, counterpart ? *counterpart : Json::object(), path + ".items");
    }
    Junctors(schema, outer, path);
  }

  FieldErrors* const out_;
};

void CheckRootMetadata(const Json& schema, const std::string& path, FieldErrors* out) {
  const Json* properties = Find(schema, "properties");
  const Json* metadata = properties ? Find(*properties, "metadata") : nullptr;
  if (!metadata) return;
  const std::string at = path + ".properties[metadata]";
  if (GetString(*metadata, "type") != "object")
    out->push_back(Invalid(at + ".type", GetString(*metadata, "type"), "must be object"));
  if (const Json* known = Find(*metadata, "properties"); known && known->is_object()) {
    for (const auto& [name, sub] : known->items()) {
      if (name != "name" && name != "generateName") {
        out->push_back(Forbidden(at + ".properties",
                                 "must not specify anything other than name and generateName, but "
                                 "metadata is implicitly specified"));
        break;
      }
    }
  }
}

void ForEachPlace(const Json& schema, const std::string& path,
                  const std::function<void(const Json&, const std::string&)>& visit) {
  visit(schema, path);
  if (const Json* properties = Find(schema, "properties"))
    for (const auto& [name, sub] : properties->items())
      ForEachPlace(sub, fmt::format("{}.properties[{}]", path, name), visit);
  for (const char* key : {"items", "additionalProperties"})
    if (const Json* sub = Find(schema, key); sub && sub->is_object())
      ForEachPlace(*sub, fmt::format("{}.{}", path, key), visit);
}

}  // namespace

FieldErrors CheckStructural(const Json& schema, const std::string& path) {
  FieldErrors out;
  Checker(&out).Place(schema, path, "at the root");
  if (!schema.is_object()) return out;
  const std::string type = GetString(schema, "type");
  if (!type.empty() && type != "object")
    out.push_back(Invalid(path + ".type", type, "must be object at the root"));
  CheckRootMetadata(schema, path, &out);
  return out;
}

void FindUnevaluatedRules(const Json& schema, const std::string& path,
                          std::vector<std::string>* out) {
  ForEachPlace(schema, path, [out](const Json& place, const std::string& at) {
    if (Find(place, "x-kubernetes-validations")) out->push_back(at);
  });
}

void FindUnknownFormats(const Json& schema, const std::string& path,
                        std::vector<std::string>* out) {
  ForEachPlace(schema, path, [out](const Json& place, const std::string& at) {
    const std::string format = GetString(place, "format");
    if (!format.empty() && !IsKnownFormat(format) && format != "double" && format != "password" &&
        format != "binary")
      out->push_back(fmt::format("{}.format: unrecognized format \"{}\"", at, format));
  });
}

}  // namespace gantry::schema
