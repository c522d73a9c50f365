#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/field_error.h"

// Structural schemas: the OpenAPI v3 subset of CustomResourceDefinitions
// (kubernetes.io/docs, "Specifying a structural schema"), compiled once per kind and version.
namespace gantry::schema {

enum class ListType { kAtomic, kSet, kMap };
enum class MapType { kGranular, kAtomic };

// What defaulting, pruning and field tracking need to know of one place in a document. Immutable.
struct Node {
  enum class Type { kAny, kObject, kArray, kString, kInteger, kNumber, kBoolean };
  Type type = Type::kAny;
  bool nullable = false;
  bool preserve_unknown = false;   // x-kubernetes-preserve-unknown-fields
  bool int_or_string = false;      // x-kubernetes-int-or-string
  bool embedded_resource = false;  // x-kubernetes-embedded-resource
  Json default_value;              // null: none
  std::map<std::string, std::shared_ptr<const Node>, std::less<>> properties;
  std::shared_ptr<const Node> additional;  // additionalProperties; null: none
  std::shared_ptr<const Node> items;
  ListType list_type = ListType::kAtomic;  // x-kubernetes-list-type
  std::vector<std::string> list_map_keys;  // x-kubernetes-list-map-keys
  MapType map_type = MapType::kGranular;   // x-kubernetes-map-type
};

// Thread-safe: immutable.
class Schema {
 public:
  // `openapi` is `openAPIV3Schema` of one version. The root's apiVersion, kind and metadata are
  // known implicitly. kInvalid, with a field path under `path`, when the schema itself is wrong
  // (not structural, an unknown type, a bad pattern, a default that does not validate).
  static Result<std::shared_ptr<const Schema>> Compile(const Json& openapi,
                                                       const std::string& path);
  // A schema that accepts any object and prunes nothing.
  static std::shared_ptr<const Schema> Any();

  virtual ~Schema() = default;
  // Fills in defaults, recursively; null for a non-nullable field is replaced by its default, or
  // goes when it has none, and `3.0` in an integer's place becomes `3`. To be called before
  // Validate.
  virtual void Default(Json* object) const = 0;
  // Removes fields that the schema does not know; their dotted paths are appended to `dropped`
  // (null: not wanted) in document order: `spec.replica`, `spec.ports[0].porto`. Looks into
  // metadata as well.
  virtual void Prune(Json* object, std::vector<std::string>* dropped) const = 0;
  // Every violation of the schema (by valijson, with Kubernetes' paths and words) and of list types
  // (duplicate set items and map keys). Of metadata only what the schema itself restricts is looked
  // at (name, generateName). A hopeless document yields about the first 100.
  virtual FieldErrors Validate(const Json& object) const = 0;
  virtual const Node& root() const = 0;
  // The document that it was compiled from.
  virtual const Json& openapi() const = 0;
};

}  // namespace gantry::schema
