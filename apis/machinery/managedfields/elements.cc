#include "apis/machinery/managedfields/elements.h"

#include <algorithm>

#include "apis/machinery/schema/metadata.h"

namespace gantry::managedfields {

using schema::ListType;
using schema::Node;

const Node& AnyNode() {
  static const Node node;
  return node;
}

const Node& MemberNode(const Node& node, std::string_view key) {
  if (const auto it = node.properties.find(key); it != node.properties.end()) return *it->second;
  return node.additional ? *node.additional : AnyNode();
}

const Node& ItemNode(const Node& node) { return node.items ? *node.items : AnyNode(); }

const Node& ChildNode(const Node& node, std::string_view element) {
  return element.substr(0, 2) == "f:" ? MemberNode(node, element.substr(2)) : ItemNode(node);
}

bool IsDeclared(const Node& node, std::string_view key) {
  return node.properties.find(key) != node.properties.end();
}

std::string FieldElement(std::string_view key) {
  std::string out;
  out.reserve(key.size() + 2);
  out += "f:";
  out += key;
  return out;
}

std::optional<std::string> ItemElement(const Node& list, const Json& item) {
  if (list.list_type == ListType::kSet) return "v:" + DumpJson(item);
  if (!item.is_object()) return std::nullopt;
  std::vector<std::string> keys = list.list_map_keys;
  std::sort(keys.begin(), keys.end());
  std::string out = "k:{";
  for (const std::string& key : keys) {
    const auto it = item.find(key);
    const Json& value = it != item.end() ? *it : MemberNode(ItemNode(list), key).default_value;
    if (value.is_null()) continue;
    if (out.size() > 3) out += ',';
    out += DumpJson(key);
    out += ':';
    out += DumpJson(value);
  }
  if (out.size() == 3) return std::nullopt;
  out += '}';
  return out;
}

const std::vector<std::string>& SystemMetadata() {
  static const auto* const keys = new std::vector<std::string>{"clusterName",
                                                               "creationTimestamp",
                                                               "deletionGracePeriodSeconds",
                                                               "deletionTimestamp",
                                                               "generation",
                                                               "managedFields",
                                                               "name",
                                                               "namespace",
                                                               "resourceVersion",
                                                               "selfLink",
                                                               "uid"};
  return *keys;
}

std::string DisplayPath(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& element : path) {
    const std::string_view kind = std::string_view(element).substr(0, 2);
    if (kind == "f:") {
      out += "." + element.substr(2);
    } else if (kind == "k:") {
      const Result<Json> parsed = ParseJson(std::string_view(element).substr(2));
      const Json keys = parsed.ok() ? *parsed : Json::object();
      out += '[';
      for (auto it = keys.begin(); it != keys.end(); ++it) {
        out += (it == keys.begin() ? "" : ",") + it.key() + "=" + DumpJson(*it);
      }
      out += ']';
    } else {
      out += (kind == "v:" ? "[=" : "[") + element.substr(2) + "]";
    }
  }
  return out;
}

}  // namespace gantry::managedfields
