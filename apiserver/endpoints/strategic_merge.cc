#include "apiserver/endpoints/strategic_merge.h"

#include <algorithm>
#include <map>
#include <set>

#include "apis/machinery/meta/object.h"
#include "apiserver/registry/go_types.h"

namespace gantry::apiserver {
namespace {

using schema::ListType;
using schema::Node;

constexpr const char* kDirective = "$patch";
constexpr const char* kRetainKeys = "$retainKeys";
constexpr std::string_view kOrder = "$setElementOrder/";
constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList/";

// metadata is not part of a kind's schema, but its lists have merge keys, too.
const Node& MetadataNode() {
  static const Node* const node = [] {
    auto* metadata = new Node;
    auto finalizers = std::make_shared<Node>();
    finalizers->list_type = ListType::kSet;
    auto owners = std::make_shared<Node>();
    owners->list_type = ListType::kMap;
    owners->list_map_keys = {"uid"};
    metadata->properties["finalizers"] = std::move(finalizers);
    metadata->properties["ownerReferences"] = std::move(owners);
    return metadata;
  }();
  return *node;
}

const Node& Child(const Node& node, const std::string& name) {
  static const Node* const unknown = new Node;
  if (const auto it = node.properties.find(name); it != node.properties.end()) return *it->second;
  return node.additional ? *node.additional : *unknown;
}

Status MergeObject(const Node& node, const Json& patch, Json* value);

// What tells an item of a keyed list from others.
Json KeyOf(const std::vector<std::string>& keys, const Json& item) {
  Json out = Json::array();
  for (const std::string& key : keys) out.push_back(GetAny(item, key.c_str()));
  return out;
}

Status MergeKeyedList(const Node& node, const Json& patch, Json* list) {
  static const Node* const any = new Node;
  const Node& item_node = node.items ? *node.items : *any;
  std::map<Json, size_t> places;
  for (size_t i = 0; i < list->size(); ++i) {
    if ((*list)[i].is_object()) places.emplace(KeyOf(node.list_map_keys, (*list)[i]), i);
  }
  std::set<size_t> deleted;
  for (const Json& item : patch) {
    if (!item.is_object())
      return Error(Code::kBadRequest, "items of a merged list must be objects");
    const std::string directive = GetString(item, kDirective);
    if (directive == "replace") {  // stands for the list as a whole
      Json items = Json::array();
      for (const Json& other : patch) {
        if (!other.contains(kDirective)) items.push_back(other);
      }
      *list = std::move(items);
      return OkStatus();
    }
    const auto place = places.find(KeyOf(node.list_map_keys, item));
    if (directive == "delete") {
      if (place == places.end()) continue;
      deleted.insert(place->second);
      places.erase(place);
    } else if (place != places.end()) {
      GANTRY_TRY(MergeObject(item_node, item, &(*list)[place->second]));
    } else {
      Json added = Json::object();
      GANTRY_TRY(MergeObject(item_node, item, &added));
      places.emplace(KeyOf(node.list_map_keys, added), list->size());
      list->push_back(std::move(added));
    }
  }
  if (deleted.empty()) return OkStatus();
  Json rest = Json::array();
  for (size_t i = 0; i < list->size(); ++i) {
    if (deleted.count(i) == 0) rest.push_back(std::move((*list)[i]));
  }
  *list = std::move(rest);
  return OkStatus();
}

Status MergeList(const Node& node, const Json& patch, Json* value) {
  const bool keyed = node.list_type == ListType::kMap && !node.list_map_keys.empty();
  if (!value->is_array() || (!keyed && node.list_type != ListType::kSet)) {
    *value = Json::array();
    if (!keyed) {
      *value = patch;
      return OkStatus();
    }
  }
  if (keyed) return MergeKeyedList(node, patch, value);
  std::set<Json> have(value->begin(), value->end());
  for (const Json& item : patch) {
    if (have.insert(item).second) value->push_back(item);
  }
  return OkStatus();
}

// Handles a member whose name begins with `$`.
Status Direct(const std::string& name, const Json& argument, Json* value) {
  if (name.compare(0, kOrder.size(), kOrder) == 0) return OkStatus();  // the stored order is kept
  if (name.compare(0, kDeleteFrom.size(), kDeleteFrom) == 0) {
    const auto list = value->find(name.substr(kDeleteFrom.size()));
    if (list == value->end() || !list->is_array()) return OkStatus();
    const std::set<Json> gone(argument.begin(), argument.end());
    const auto is_gone = [&gone](const Json& item) { return gone.count(item) > 0; };
    list->erase(std::remove_if(list->begin(), list->end(), is_gone), list->end());
    return OkStatus();
  }
  if (name == kRetainKeys) {
    std::set<std::string> keep;
    for (const Json& key : argument) {
      if (key.is_string()) keep.insert(key.get<std::string>());
    }
    for (auto it = value->begin(); it != value->end();) {
      it = keep.count(it.key()) == 0 ? value->erase(it) : std::next(it);
    }
    return OkStatus();
  }
  return Error(Code::kBadRequest, "unknown directive of a strategic merge patch: " + name);
}

Status MergeObject(const Node& node, const Json& patch, Json* value) {
  const std::string directive = GetString(patch, kDirective);
  if (!value->is_object() || directive == "replace" || directive == "delete") {
    *value = Json::object();
    if (directive == "delete") return OkStatus();
  }
  for (const auto& [name, change] : patch.items()) {
    if (name == kDirective) continue;
    if (!name.empty() && name[0] == '$') {
      GANTRY_TRY(Direct(name, change, value));
    } else if (change.is_null()) {
      value->erase(name);
    } else if (change.is_object()) {
      GANTRY_TRY(MergeObject(Child(node, name), change, &(*value)[name]));
    } else if (change.is_array()) {
      GANTRY_TRY(MergeList(Child(node, name), change, &(*value)[name]));
    } else {
      (*value)[name] = change;
    }
  }
  return OkStatus();
}

}  // namespace

bool HasStrategicMerge(const schema::Definition& definition) { return HasGoType(definition); }

Result<Json> StrategicMerge(const Node& root, const Json& current, const Json& patch) {
  Json result = current;
  Json rest = patch;
  if (const auto metadata = rest.find("metadata");
      metadata != rest.end() && metadata->is_object()) {
    GANTRY_TRY(MergeObject(MetadataNode(), *metadata, &result["metadata"]));
    rest.erase(metadata);
  }
  GANTRY_TRY(MergeObject(root, rest, &result));
  return result;
}

}  // namespace gantry::apiserver
