#include "apiserver/openapi/kind_schemas.h"

#include <fmt/format.h>

#include "apis/machinery/meta/object.h"
#include "apiserver/openapi/common_schemas.h"

namespace gantry::apiserver::openapi {
namespace {

constexpr char kPreserve[] = "x-kubernetes-preserve-unknown-fields";

// A property that refers to a definition and has a description of its own. OpenAPI v3 ignores what
// stands beside $ref.
Json DescribedRef(Dialect dialect, const std::string& name, const char* description) {
  Json out = Ref(dialect, name);
  if (dialect == Dialect::kV3) out = {{"allOf", Json::array({std::move(out)})}};
  out["description"] = description;
  return out;
}

void AddTypeMeta(Dialect dialect, Json* schema) {
  Json& properties = (*schema)["properties"];
  properties["apiVersion"] = {{"type", "string"}, {"description", kApiVersionDescription}};
  properties["kind"] = {{"type", "string"}, {"description", kKindDescription}};
  properties["metadata"] = DescribedRef(dialect, MetaName("ObjectMeta"), kMetadataDescription);
}

// A structural schema as clients of v3 know it: only what is implicit is added.
void CompleteV3(Json* schema) {
  if (GetBool(*schema, "x-kubernetes-embedded-resource")) AddTypeMeta(Dialect::kV3, schema);
  if (const auto it = schema->find("properties"); it != schema->end())
    for (Json& sub : *it) CompleteV3(&sub);
  for (const char* key : {"items", "additionalProperties"})
    if (const auto it = schema->find(key); it != schema->end() && it->is_object()) CompleteV3(&*it);
}

// The same for v2: no junctors, no nullable, no defaults.
void ReduceToV2(Json* schema) {
  for (const char* key : {"allOf", "anyOf", "oneOf", "not", "default", "x-kubernetes-validations"})
    schema->erase(key);
  if (GetBool(*schema, "nullable")) {
    // A client that knows the type would refuse null.
    for (const char* key : {"nullable", "type", "properties", "items", "additionalProperties"})
      schema->erase(key);
  }
  if (GetBool(*schema, kPreserve))
    for (const char* key : {"properties", "items", "required"}) schema->erase(key);
  schema->erase("nullable");
  if (const auto it = schema->find("properties"); it != schema->end())
    for (Json& sub : *it) ReduceToV2(&sub);
  for (const char* key : {"items", "additionalProperties"})
    if (const auto it = schema->find(key); it != schema->end() && it->is_object()) ReduceToV2(&*it);
}

Json ObjectSchema(const GroupVersionKind& gvk, const Json& openapi, Dialect dialect) {
  Json out = openapi;
  const bool open = GetBool(openapi, kPreserve);
  if (dialect == Dialect::kV2) {
    ReduceToV2(&out);
    // Not even metadata, or clients would take these for all fields that there are.
    if (!open) AddTypeMeta(dialect, &out);
  } else {
    CompleteV3(&out);
    AddTypeMeta(dialect, &out);
  }
  out["x-kubernetes-group-version-kind"] = Json::array({GvkJson(gvk)});
  return out;
}

Json ListSchema(const schema::Definition& definition, const GroupVersionKind& item,
                Dialect dialect) {
  Json out = {{"type", "object"},
              {"description", fmt::format("{} is a list of {}.", definition.list_kind, item.kind)},
              {"required", {"items"}}};
  AddTypeMeta(dialect, &out);
  out["properties"]["metadata"] =
      DescribedRef(dialect, MetaName("ListMeta"), kListMetadataDescription);
  out["properties"]["items"] = {{"type", "array"},
                                {"description", fmt::format("The list of {}.", definition.plural)},
                                {"items", Ref(dialect, DefinitionName(item))}};
  out["x-kubernetes-group-version-kind"] =
      Json::array({GvkJson({item.group, item.version, definition.list_kind})});
  return out;
}

}  // namespace

void AddKindSchemas(const schema::Definition& definition, const schema::Version& version,
                    Dialect dialect, Json* schemas) {
  const GroupVersionKind gvk{definition.group, version.name, definition.kind};
  (*schemas)[DefinitionName(gvk)] = ObjectSchema(gvk, version.schema->openapi(), dialect);
  if (definition.strategy.virtual_only) return;
  (*schemas)[DefinitionName({gvk.group, gvk.version, definition.list_kind})] =
      ListSchema(definition, gvk, dialect);
}

}  // namespace gantry::apiserver::openapi
