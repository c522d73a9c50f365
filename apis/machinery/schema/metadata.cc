#include "apis/machinery/schema/metadata.h"

namespace gantry::schema {
namespace {

std::shared_ptr<Node> Scalar(Node::Type type) {
  auto n = std::make_shared<Node>();
  n->type = type;
  return n;
}

std::shared_ptr<Node> List(std::shared_ptr<const Node> items, ListType list_type,
                           std::vector<std::string> keys = {}) {
  auto n = Scalar(Node::Type::kArray);
  n->items = std::move(items);
  n->list_type = list_type;
  n->list_map_keys = std::move(keys);
  return n;
}

std::shared_ptr<const Node> Make() {
  auto meta = Scalar(Node::Type::kObject);
  const auto text = Scalar(Node::Type::kString);
  const auto integer = Scalar(Node::Type::kInteger);
  for (const char* name : {"name", "generateName", "namespace", "selfLink", "uid",
                           "resourceVersion", "creationTimestamp", "deletionTimestamp"})
    meta->properties[name] = text;
  for (const char* name : {"generation", "deletionGracePeriodSeconds"})
    meta->properties[name] = integer;
  auto map = Scalar(Node::Type::kObject);
  map->additional = text;
  meta->properties["labels"] = map;
  meta->properties["annotations"] = map;
  meta->properties["finalizers"] = List(text, ListType::kSet);
  auto owner = Scalar(Node::Type::kObject);
  owner->map_type = MapType::kAtomic;
  for (const char* name : {"apiVersion", "kind", "name", "uid"}) owner->properties[name] = text;
  for (const char* name : {"controller", "blockOwnerDeletion"})
    owner->properties[name] = Scalar(Node::Type::kBoolean);
  meta->properties["ownerReferences"] = List(owner, ListType::kMap, {"uid"});
  auto any = std::make_shared<Node>();
  any->preserve_unknown = true;
  meta->properties["managedFields"] = List(any, ListType::kAtomic);
  return meta;
}

}  // namespace

std::shared_ptr<const Node> MetadataNode() {
  static const auto* const node = new std::shared_ptr<const Node>(Make());
  return *node;
}

}  // namespace gantry::schema
