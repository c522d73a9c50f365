#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/schema/schema.h"

// The elements of field paths (`f:name`, `k:{...}`, `v:...`) and where they lead in a schema. What
// a schema does not know is taken as maps of fields with atomic lists. Pure.
namespace gantry::managedfields {

// Stands for whatever is there.
const schema::Node& AnyNode();
// What the schema says of a member of a map, and of the items of a list.
const schema::Node& MemberNode(const schema::Node& node, std::string_view key);
const schema::Node& ItemNode(const schema::Node& node);
// Either, by an element.
const schema::Node& ChildNode(const schema::Node& node, std::string_view element);
// Whether the schema names this member, as opposed to members of any name.
bool IsDeclared(const schema::Node& node, std::string_view key);

std::string FieldElement(std::string_view key);
// Of an item of a list that is a map or a set; absent keys count with their defaults. Nothing when
// the item has none of the keys.
std::optional<std::string> ItemElement(const schema::Node& list, const Json& item);

// Members of metadata that belong to the system and so to no manager.
const std::vector<std::string>& SystemMetadata();

// A path for people, as kube-apiserver writes it: `.spec.ports[port=80,protocol="tcp"].name`.
std::string DisplayPath(const std::vector<std::string>& path);

}  // namespace gantry::managedfields
