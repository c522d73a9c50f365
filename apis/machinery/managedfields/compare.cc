#include "apis/machinery/managedfields/compare.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "apis/machinery/managedfields/elements.h"
#include "apis/machinery/schema/metadata.h"

namespace gantry::managedfields {
namespace {

using schema::ListType;
using schema::MapType;
using schema::Node;
using Child = FieldSet::Child;
using Children = std::vector<Child>;

bool IsSystemMetadata(const std::string& key) {
  const std::vector<std::string>& keys = SystemMetadata();
  return std::binary_search(keys.begin(), keys.end(), key);
}

// One item of a list that is a map or a set.
struct Item {
  std::string element;
  const Json* value;
};
using Items = std::vector<Item>;

// The items by element; nothing when they cannot be told apart, which makes the list atomic.
std::optional<Items> SplitItems(const Node& node, const Json* list) {
  Items out;
  if (list == nullptr || !list->is_array()) return out;
  out.reserve(list->size());
  for (const Json& item : *list) {
    auto element = ItemElement(node, item);
    if (!element) return std::nullopt;
    out.push_back({*std::move(element), &item});
  }
  const auto less = [](const Item& a, const Item& b) { return a.element < b.element; };
  std::sort(out.begin(), out.end(), less);
  const auto twice = std::adjacent_find(
      out.begin(), out.end(), [](const Item& a, const Item& b) { return a.element == b.element; });
  if (twice != out.end()) return std::nullopt;
  return out;
}

// What a place holds, as far as comparing goes.
enum class Shape { kNothing, kLeaf, kEmptyMap, kEmptyList, kMap, kList };

Shape ShapeOf(const Node& node, const Json* value) {
  if (value == nullptr || value->is_null()) return Shape::kNothing;
  if (value->is_object()) {
    if (node.map_type == MapType::kAtomic) return Shape::kLeaf;
    return value->empty() ? Shape::kEmptyMap : Shape::kMap;
  }
  if (value->is_array()) {
    if (node.list_type == ListType::kAtomic) return Shape::kLeaf;
    return value->empty() ? Shape::kEmptyList : Shape::kList;
  }
  return Shape::kLeaf;
}

class Comparer {
 public:
  // A place that both states may have; null: absent. Results are appended, so places are visited in
  // the order of their elements.
  void Place(const Node& node, std::string element, const Json* before, const Json* after,
             Children* changed, Children* removed) {
    if (after == nullptr) {
      removed->push_back({std::move(element), true, nullptr});
      return;
    }
    const Shape from = ShapeOf(node, before);
    const Shape to = ShapeOf(node, after);
    const bool no_list = from != Shape::kList && from != Shape::kEmptyList;
    const bool no_map = from != Shape::kMap && from != Shape::kEmptyMap;
    const bool maps = (from == Shape::kMap && (to == Shape::kEmptyMap || to == Shape::kNothing)) ||
                      (to == Shape::kMap && no_list && from != Shape::kLeaf);
    const bool lists =
        (from == Shape::kList && (to == Shape::kEmptyList || to == Shape::kNothing)) ||
        (to == Shape::kList && no_map && from != Shape::kLeaf);
    Children changed_below, removed_below;
    if (maps) {
      Members(node, before, *after, &changed_below, &removed_below);
    } else if (!lists || !ListItems(node, before, after, &changed_below, &removed_below)) {
      Leaf(node, std::move(element), before, after, changed, removed);
      return;
    }
    Finish(element, false, std::move(removed_below), removed);
    Finish(std::move(element), before == nullptr, std::move(changed_below), changed);
  }

  void Root(const Node& root, const Json* before, const Json& after, Children* changed,
            Children* removed) {
    ForEach(before, &after, [&](const std::string& key, const Json* old, const Json* now) {
      if (key == "apiVersion" || key == "kind") return;
      if (key != "metadata") {
        Place(MemberNode(root, key), FieldElement(key), old, now, changed, removed);
        return;
      }
      static const std::shared_ptr<const Node> shared = schema::MetadataNode();
      const Node& metadata = *shared;
      Children changed_below, removed_below;
      ForEach(old, now, [&](const std::string& name, const Json* was, const Json* is) {
        if (!IsSystemMetadata(name))
          Place(MemberNode(metadata, name), FieldElement(name), was, is, &changed_below,
                &removed_below);
      });
      // metadata itself is nobody's: every object has it.
      Finish("f:metadata", false, std::move(changed_below), changed);
      Finish("f:metadata", false, std::move(removed_below), removed);
    });
  }

 private:
  // Appends what is below `element`, unless there is nothing to say of it.
  static void Finish(std::string element, bool member, Children below, Children* out) {
    if (!member && below.empty()) return;
    out->push_back(
        {std::move(element), member, below.empty() ? nullptr : FieldSet::Make(std::move(below))});
  }

  // Visits the members of two maps (null, or no map: without members) in the order of their keys.
  template <typename Visit>
  static void ForEach(const Json* before, const Json* after, const Visit& visit) {
    static const Json none = Json::object();
    const Json& a = before && before->is_object() ? *before : none;
    const Json& b = after && after->is_object() ? *after : none;
    auto in_a = a.begin();
    auto in_b = b.begin();
    while (in_a != a.end() || in_b != b.end()) {
      const int order = in_a == a.end() ? 1 : in_b == b.end() ? -1 : in_a.key().compare(in_b.key());
      const Json* old = order <= 0 ? &*in_a : nullptr;
      const Json* now = order >= 0 ? &*in_b : nullptr;
      visit(order <= 0 ? in_a.key() : in_b.key(), old, now);
      if (order <= 0) ++in_a;
      if (order >= 0) ++in_b;
    }
  }

  void Members(const Node& node, const Json* before, const Json& after, Children* changed,
               Children* removed) {
    ForEach(before, &after, [&](const std::string& key, const Json* old, const Json* now) {
      Place(MemberNode(node, key), FieldElement(key), old, now, changed, removed);
    });
  }

  // False when the items cannot be told apart.
  bool ListItems(const Node& node, const Json* before, const Json* after, Children* changed,
                 Children* removed) {
    const auto a = SplitItems(node, before);
    const auto b = SplitItems(node, after);
    if (!a || !b) return false;
    auto in_a = a->begin();
    auto in_b = b->begin();
    while (in_a != a->end() || in_b != b->end()) {
      const int order = in_a == a->end()   ? 1
                        : in_b == b->end() ? -1
                                           : in_a->element.compare(in_b->element);
      const std::string& element = order <= 0 ? in_a->element : in_b->element;
      Place(ItemNode(node), element, order <= 0 ? in_a->value : nullptr,
            order >= 0 ? in_b->value : nullptr, changed, removed);
      if (order <= 0) ++in_a;
      if (order >= 0) ++in_b;
    }
    return true;
  }

  // A place that is compared as a whole.
  void Leaf(const Node& node, std::string element, const Json* before, const Json* after,
            Children* changed, Children* removed) {
    if (before != nullptr && *before == *after) return;
    const Shape from = ShapeOf(node, before);
    // The kind of the value changed: nothing that was inside is there any more.
    if (from == Shape::kMap || from == Shape::kList) removed->push_back({element, true, nullptr});
    Children below;
    Children none;
    const Shape to = ShapeOf(node, after);
    if (to == Shape::kMap) Members(node, nullptr, *after, &below, &none);
    if (to == Shape::kList && !ListItems(node, nullptr, after, &below, &none)) below.clear();
    Finish(std::move(element), true, std::move(below), changed);
  }
};

}  // namespace

Comparison Compare(const Node& root, const Json* before, const Json& after) {
  Children changed, removed;
  Comparer().Root(root, before, after, &changed, &removed);
  return {FieldSet::MakePruned(std::move(changed)), FieldSet::MakePruned(std::move(removed))};
}

FieldSetPtr AllFields(const Node& root, const Json& object) {
  return Compare(root, nullptr, object).changed;
}

}  // namespace gantry::managedfields
