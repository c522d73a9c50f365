#include "apis/machinery/schema/schema.h"

#include <fmt/format.h>

#include <cmath>

#include "apis/machinery/schema/compile.h"
#include "apis/machinery/schema/judge.h"
#include "apis/machinery/schema/keywords.h"
#include "apis/machinery/schema/metadata.h"
#include "apis/machinery/schema/rules.h"
#include "apis/machinery/schema/structural.h"

namespace gantry::schema {
namespace {

std::shared_ptr<const Node> AnyNode() {
  static const auto* const any = [] {
    auto n = std::make_shared<Node>();
    n->preserve_unknown = true;
    return new std::shared_ptr<const Node>(std::move(n));
  }();
  return *any;
}

Node::Type ParseType(const std::string& type) {
  if (type == "object") return Node::Type::kObject;
  if (type == "array") return Node::Type::kArray;
  if (type == "string") return Node::Type::kString;
  if (type == "integer") return Node::Type::kInteger;
  if (type == "number") return Node::Type::kNumber;
  if (type == "boolean") return Node::Type::kBoolean;
  return Node::Type::kAny;
}

// apiVersion, kind and metadata of the root and of embedded resources.
void AddImplicit(Node* n) {
  auto text = std::make_shared<Node>();
  text->type = Node::Type::kString;
  n->properties["apiVersion"] = text;
  n->properties["kind"] = text;
  n->properties["metadata"] = MetadataNode();
}

std::shared_ptr<Node> BuildNode(const Json& schema) {
  auto n = std::make_shared<Node>();
  n->type = ParseType(GetString(schema, "type"));
  n->nullable = Flag(schema, "nullable");
  n->preserve_unknown = Flag(schema, "x-kubernetes-preserve-unknown-fields");
  n->int_or_string = Flag(schema, "x-kubernetes-int-or-string");
  n->embedded_resource = Flag(schema, "x-kubernetes-embedded-resource");
  if (const Json* v = Find(schema, "default")) n->default_value = *v;
  if (const Json* properties = Find(schema, "properties"))
    for (const auto& [name, sub] : properties->items()) n->properties[name] = BuildNode(sub);
  if (const Json* additional = Find(schema, "additionalProperties")) {
    if (additional->is_object()) n->additional = BuildNode(*additional);
    if (additional->is_boolean() && additional->get<bool>()) n->additional = AnyNode();
  }
  if (const Json* items = Find(schema, "items")) n->items = BuildNode(*items);
  const std::string list_type = GetString(schema, "x-kubernetes-list-type");
  if (list_type == "set") n->list_type = ListType::kSet;
  if (list_type == "map") n->list_type = ListType::kMap;
  n->list_map_keys = GetStrings(schema, "x-kubernetes-list-map-keys");
  if (GetString(schema, "x-kubernetes-map-type") == "atomic") n->map_type = MapType::kAtomic;
  if (n->embedded_resource) AddImplicit(n.get());
  return n;
}

bool WantsInteger(const Node& n) { return n.type == Node::Type::kInteger || n.int_or_string; }

void DefaultMember(const Node& n, Json* value);

// Whether a value is a null that its place cannot hold and has no default for.
bool IsNeedlessNull(const Node* n, const Json& value) {
  return value.is_null() && n != nullptr && !n->nullable && n->default_value.is_null() &&
         (n->type != Node::Type::kAny || n->int_or_string);
}

const Node* FindMember(const Node& n, const std::string& name) {
  const auto it = n.properties.find(name);
  return it != n.properties.end() ? it->second.get() : n.additional.get();
}

void DefaultBelow(const Node& n, Json* value) {
  if (value->is_object()) {
    for (auto it = value->begin(); it != value->end();)
      it = IsNeedlessNull(FindMember(n, it.key()), *it) ? value->erase(it) : std::next(it);
    for (const auto& [name, sub] : n.properties) {
      if (!sub->default_value.is_null() && !value->contains(name))
        (*value)[name] = sub->default_value;
    }
    for (const auto& [name, member] : value->items()) {
      if (const Node* sub = FindMember(n, name)) DefaultMember(*sub, &member);
    }
  } else if (value->is_array() && n.items) {
    for (Json& item : *value) DefaultMember(*n.items, &item);
  }
}

void DefaultMember(const Node& n, Json* value) {
  if (value->is_null() && !n.nullable && !n.default_value.is_null()) *value = n.default_value;
  if (value->is_number_float() && WantsInteger(n)) {
    const double v = value->get<double>();
    // Exact in int64; others stay and fail validation.
    if (std::floor(v) == v && std::abs(v) < 9e15) *value = static_cast<int64_t>(v);
  }
  DefaultBelow(n, value);
}

void PruneBelow(const Node& n, const std::string& path, Json* value,
                std::vector<std::string>* dropped) {
  if (value->is_object()) {
    // A value of the wrong type is left alone, for validation to speak of.
    if (n.type != Node::Type::kObject && n.type != Node::Type::kAny) return;
    for (auto it = value->begin(); it != value->end();) {
      const auto known = n.properties.find(it.key());
      const Node* sub = known != n.properties.end() ? known->second.get() : n.additional.get();
      if (!sub && !n.preserve_unknown) {
        if (dropped) dropped->push_back(ChildPath(path, it.key()));
        it = value->erase(it);
        continue;
      }
      if (sub) PruneBelow(*sub, dropped ? ChildPath(path, it.key()) : std::string(), &*it, dropped);
      ++it;
    }
  } else if (value->is_array() && n.items) {
    for (size_t i = 0; i < value->size(); ++i)
      PruneBelow(*n.items, dropped ? fmt::format("{}[{}]", path, i) : std::string(), &(*value)[i],
                 dropped);
  }
}

class Compiled : public Schema {
 public:
  Compiled(Json openapi, std::shared_ptr<const Node> root, std::shared_ptr<const Rules> rules,
           std::unique_ptr<const Judge> judge)
      : openapi_(std::move(openapi)),
        root_(std::move(root)),
        rules_(std::move(rules)),
        judge_(std::move(judge)) {}

  void Default(Json* object) const override { DefaultBelow(*root_, object); }

  void Prune(Json* object, std::vector<std::string>* dropped) const override {
    PruneBelow(*root_, "", object, dropped);
  }

  FieldErrors Validate(const Json& object) const override {
    FieldErrors errors;
    if (judge_->Valid(object)) {
      rules_->Check(object, "", Scope::kOwnRules, &errors);
      return errors;
    }
    rules_->Check(object, "", Scope::kAll, &errors);
    // The two disagree: refuse, rather than accept what the validator refused.
    if (errors.empty()) errors.push_back(Invalid("", Json::object(), "must match the schema"));
    return errors;
  }

  const Node& root() const override { return *root_; }
  const Json& openapi() const override { return openapi_; }

 private:
  const Json openapi_;
  const std::shared_ptr<const Node> root_;
  const std::shared_ptr<const Rules> rules_;
  const std::unique_ptr<const Judge> judge_;
};

class AnySchema : public Schema {
 public:
  AnySchema() {
    auto root = std::make_shared<Node>();
    root->type = Node::Type::kObject;
    root->preserve_unknown = true;
    AddImplicit(root.get());
    root_ = std::move(root);
  }
  void Default(Json*) const override {}
  void Prune(Json*, std::vector<std::string>*) const override {}
  FieldErrors Validate(const Json&) const override { return {}; }
  const Node& root() const override { return *root_; }
  const Json& openapi() const override { return openapi_; }

 private:
  std::shared_ptr<const Node> root_;
  const Json openapi_ = {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
};

// Defaults fit their own place: known fields only, and valid.
void CheckDefaults(const Json& schema, const std::string& path, FieldErrors* out) {
  if (const Json* value = Find(schema, "default")) {
    const auto node = BuildNode(schema);
    Json completed = *value;
    std::vector<std::string> dropped;
    PruneBelow(*node, "", &completed, &dropped);
    if (!dropped.empty())
      out->push_back(Invalid(path + ".default", *value,
                             fmt::format("must not have unknown fields: {}", dropped.front())));
    DefaultMember(*node, &completed);
    Rules::Build(schema)->Check(completed, path + ".default", Scope::kAll, out);
  }
  if (const Json* properties = Find(schema, "properties"))
    for (const auto& [name, sub] : properties->items())
      CheckDefaults(sub, fmt::format("{}.properties[{}]", path, name), out);
  for (const char* key : {"items", "additionalProperties"})
    if (const Json* sub = Find(schema, key))
      CheckDefaults(*sub, fmt::format("{}.{}", path, key), out);
}

// What the validators see: metadata's own rules (name, generateName) stay, its type does not
// matter, and apiVersion and kind belong to the registry.
Json RulesOfRoot(Json schema) {
  if (const auto it = schema.find("properties"); it != schema.end()) {
    it->erase("apiVersion");
    it->erase("kind");
  }
  return schema;
}

}  // namespace

std::shared_ptr<const Schema> CompileSchema(const Json& openapi, const std::string& path,
                                            FieldErrors* errors) {
  FieldErrors own = CheckStructural(openapi, path);
  if (own.empty()) CheckDefaults(openapi, path, &own);
  if (!own.empty()) {
    errors->insert(errors->end(), own.begin(), own.end());
    return nullptr;
  }
  auto root = BuildNode(openapi);
  AddImplicit(root.get());
  const Json checked = RulesOfRoot(openapi);
  Result<std::unique_ptr<const Judge>> judge = Judge::Compile(checked);
  if (!judge.ok()) {
    errors->push_back(Invalid(path, Json::object(), judge.error().message));
    return nullptr;
  }
  return std::make_shared<Compiled>(openapi, std::move(root), Rules::Build(checked),
                                    *std::move(judge));
}

Result<std::shared_ptr<const Schema>> Schema::Compile(const Json& openapi,
                                                      const std::string& path) {
  FieldErrors errors;
  auto schema = CompileSchema(openapi, path, &errors);
  if (!schema)
    return InvalidObject({"apiextensions.k8s.io", "CustomResourceDefinition"}, "", errors);
  return schema;
}

std::shared_ptr<const Schema> Schema::Any() {
  static const auto* const any =
      new std::shared_ptr<const Schema>(std::make_shared<const AnySchema>());
  return *any;
}

}  // namespace gantry::schema
