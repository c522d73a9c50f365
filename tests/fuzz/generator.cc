#include "tests/fuzz/generator.h"

namespace gantry::fuzz {
namespace {

using schema::Node;

constexpr char kSchema[] = R"({
  "type": "object",
  "properties": {
    "spec": {
      "type": "object",
      "properties": {
        "replicas": {"type": "integer"},
        "text": {"type": "string", "nullable": true},
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "order": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["port", "protocol"],
          "items": {"type": "object", "required": ["port"], "properties": {
            "port": {"type": "integer"}, "protocol": {"type": "string", "default": "a"},
            "name": {"type": "string"},
            "inner": {"type": "array", "x-kubernetes-list-type": "set",
                      "items": {"type": "integer"}}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "whole": {"type": "object", "x-kubernetes-map-type": "atomic",
                  "additionalProperties": {"type": "string"}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
    "status": {"type": "object", "properties": {"phase": {"type": "string"}}}}})";

}  // namespace

const schema::Schema& SampleSchema() {
  static const auto* const schema = [] {
    auto compiled = schema::Schema::Compile(*ParseJson(kSchema), "schema");
    Require(compiled.ok(), "the schema compiles", compiled.ok() ? "" : compiled.error().message);
    return new std::shared_ptr<const schema::Schema>(*std::move(compiled));
  }();
  return **schema;
}

uint8_t Generator::Byte() {
  if (bytes_.empty()) return 0;
  const auto byte = static_cast<uint8_t>(bytes_.front());
  bytes_.remove_prefix(1);
  return byte;
}

std::string Generator::Key() {
  constexpr const char* kKeys[] = {"a", "b", "c", "spec", "x/y", "~", "", "0"};
  return kKeys[Byte() % std::size(kKeys)];
}

Json Generator::Scalar() {
  const uint8_t byte = Byte();
  switch (byte % 8) {
    case 0: return "a";
    case 1: return "b";
    case 2: return byte / 8;
    case 3: return 1.5;
    case 4: return true;
    case 5: return "";
    case 6: return nullptr;
    default: return std::string(1, static_cast<char>('a' + byte / 8 % 26));
  }
}

Json Generator::Any(int levels) {
  const uint8_t byte = levels > 0 ? Byte() : 0;
  if (byte % 4 < 2) return Scalar();
  Json out = byte % 4 == 2 ? Json::object() : Json::array();
  for (int i = byte / 4 % 4; i > 0; --i) {
    if (out.is_object()) out[Key()] = Any(levels - 1);
    else out.push_back(Any(levels - 1));
  }
  return out;
}

// One byte in sixteen makes something that does not fit.
Json Generator::Fitting(const Node& node, bool directives) {
  const uint8_t byte = Byte();
  if (byte >= 0xf8) return Any(2);
  if (byte >= 0xf0) return nullptr;
  switch (node.type) {
    case Node::Type::kObject: return node.preserve_unknown ? Any() : Map(node, directives);
    case Node::Type::kArray: return List(node, directives);
    case Node::Type::kString: return std::string(1, static_cast<char>('a' + byte % 4));
    case Node::Type::kInteger: return byte % 4;
    case Node::Type::kNumber: return byte % 4 + 0.5;
    case Node::Type::kBoolean: return byte % 2 == 0;
    case Node::Type::kAny: break;
  }
  return Any();
}

Json Generator::Map(const Node& node, bool directives) {
  Json out = Json::object();
  for (const auto& [key, member] : node.properties) {
    if (Byte() % 2 == 1) out[key] = Fitting(*member, directives);
  }
  if (node.additional) {
    for (int i = Byte() % 4; i > 0; --i) out[Key()] = Fitting(*node.additional, directives);
  }
  if (directives && Byte() % 8 == 7) Direct(&out);
  return out;
}

Json Generator::List(const Node& node, bool directives) {
  Json out = Json::array();
  for (int i = Byte() % 4; i > 0; --i) {
    Json item = Fitting(*node.items, directives);
    for (const std::string& key : node.list_map_keys) {
      if (item.is_object() && !item.contains(key) && Byte() % 16 != 15)
        item[key] = Fitting(*node.items->properties.at(key));
    }
    out.push_back(std::move(item));
  }
  return out;
}

void Generator::Direct(Json* map) {
  constexpr const char* kActions[] = {"replace", "delete", "merge", "unknown"};
  const uint8_t byte = Byte();
  switch (byte % 4) {
    case 0: (*map)["$patch"] = kActions[byte / 4 % 4]; break;
    case 1: (*map)["$retainKeys"] = Any(1); break;
    case 2: (*map)["$deleteFromPrimitiveList/tags"] = Any(1); break;
    default: (*map)["$setElementOrder/ports"] = Any(1); break;
  }
}

}  // namespace gantry::fuzz
