#include "apis/machinery/managedfields/structure.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "apis/machinery/managedfields/elements.h"

namespace gantry::managedfields {
namespace {

using schema::ListType;
using schema::MapType;
using schema::Node;
using Child = FieldSet::Child;

bool IsGranularMap(const Node& node, const Json& value) {
  return value.is_object() && node.map_type == MapType::kGranular;
}

bool IsGranularList(const Node& node, const Json& value) {
  return value.is_array() && node.list_type != ListType::kAtomic;
}

// Whether a place is owned as a whole.
bool IsWhole(const Node& node, const Json& value) {
  return value.empty() || !(IsGranularMap(node, value) || IsGranularList(node, value));
}

FieldSetPtr Below(const Node& node, const Json& value);

FieldSetPtr ItemsBelow(const Node& node, const Json& list) {
  std::vector<Child> all;
  for (const Json& item : list) {
    std::optional<std::string> element = ItemElement(node, item);
    if (element) all.push_back({*std::move(element), true, Below(ItemNode(node), item)});
  }
  std::sort(all.begin(), all.end(),
            [](const Child& a, const Child& b) { return a.element < b.element; });
  std::vector<Child> out;
  for (Child& c : all) {
    // A repeated item is owned, but nothing inside of it: whose would it be?
    if (!out.empty() && out.back().element == c.element) {
      out.back().below = nullptr;
    } else {
      out.push_back(std::move(c));
    }
  }
  return FieldSet::MakePruned(std::move(out));
}

FieldSetPtr Below(const Node& node, const Json& value) {
  if (IsWhole(node, value)) return nullptr;
  if (value.is_array()) return ItemsBelow(node, value);
  std::vector<Child> out;
  for (const auto& [key, member] : value.items()) {
    const Node& sub = MemberNode(node, key);
    const bool owned = IsWhole(sub, member) || !IsDeclared(node, key);
    out.push_back({FieldElement(key), owned, Below(sub, member)});
  }
  return FieldSet::MakePruned(std::move(out));
}

bool IsAtomicAround(const Node& node, const FieldSet& below) {
  const bool members = below.children().front().element.front() == 'f';
  return members ? node.map_type == MapType::kAtomic : node.list_type == ListType::kAtomic;
}

Json MergePlace(const Node& node, const Json& live, const Json& config);

// Walks both lists at once; see MergeConfiguration for the order that comes out.
class ListMerger {
 public:
  // REQUIRES: FindFaults found nothing in `config`.
  ListMerger(const Node& node, const Json& live, const Json& config)
      : node_(node), live_(live), config_(config) {
    for (const Json& item : live) {
      live_elements_.push_back(ItemElement(node, item).value_or(""));
      live_by_element_.emplace(live_elements_.back(), &item);
    }
    for (const Json& item : config) {
      config_elements_.push_back(ItemElement(node, item).value_or(""));
      configured_.insert(config_elements_.back());
    }
  }

  Json Merge() {
    const std::vector<size_t> next = NextShared();
    for (size_t i = 0; i < config_.size(); ++i) {
      SkipTo(next[i] < config_.size() ? &config_elements_[next[i]] : nullptr);
      const auto same = live_by_element_.find(config_elements_[i]);
      out_.push_back(same == live_by_element_.end()
                         ? config_[i]
                         : MergePlace(ItemNode(node_), *same->second, config_[i]));
      if (at_ < live_.size() && live_elements_[at_] == config_elements_[i]) ++at_;
    }
    SkipTo(nullptr);
    return std::move(out_);
  }

 private:
  // For each item of the configuration, the first one from there on that the object has, too.
  std::vector<size_t> NextShared() const {
    std::vector<size_t> next(config_.size());
    size_t shared = config_.size();
    for (size_t i = config_.size(); i-- > 0;) {
      if (live_by_element_.count(config_elements_[i]) > 0) shared = i;
      next[i] = shared;
    }
    return next;
  }
  // Takes over what only the object has, up to where the object has `until`.
  void SkipTo(const std::string* until) {
    for (; at_ < live_.size(); ++at_) {
      if (until != nullptr && live_elements_[at_] == *until) return;
      if (configured_.count(live_elements_[at_]) == 0) out_.push_back(live_[at_]);
    }
  }

  const Node& node_;
  const Json& live_;
  const Json& config_;
  std::vector<std::string> live_elements_;
  std::vector<std::string> config_elements_;
  std::unordered_map<std::string, const Json*> live_by_element_;
  std::unordered_set<std::string> configured_;
  size_t at_ = 0;
  Json out_ = Json::array();
};

Json MergePlace(const Node& node, const Json& live, const Json& config) {
  const bool map = IsGranularMap(node, live);
  if (!map && !IsGranularList(node, live)) return config;
  // Nothing said of what is inside.
  if (config.is_null() && !live.empty()) return live;
  if (map && config.is_object()) {
    Json out = live;
    for (const auto& [key, member] : config.items()) {
      const auto there = live.find(key);
      out[key] = there == live.end() ? member : MergePlace(MemberNode(node, key), *there, member);
    }
    return out;
  }
  if (!map && config.is_array()) return ListMerger(node, live, config).Merge();
  return config;
}

class FaultFinder {
 public:
  void Place(const Node& node, const Json& value, const std::string& path) {
    if (value.is_object()) Members(node, value, path);
    if (value.is_array()) Items(node, value, path);
  }

  std::string Text() const {
    if (faults_.size() == 1) return faults_.front();
    std::string out;
    for (const std::string& fault : faults_) out += (out.empty() ? "errors:\n  " : "\n  ") + fault;
    return out;
  }

 private:
  void Members(const Node& node, const Json& value, const std::string& path) {
    // Where the schema wants something else than a map, validation says so.
    if (node.type != Node::Type::kAny && node.type != Node::Type::kObject) return;
    const bool open = node.preserve_unknown || node.additional || node.type == Node::Type::kAny ||
                      node.properties.empty();
    for (const auto& [key, member] : value.items()) {
      const std::string below = path + "." + key;
      if (open || IsDeclared(node, key)) {
        Place(MemberNode(node, key), member, below);
      } else {
        faults_.push_back(below + ": field not declared in schema");
      }
    }
  }

  void Items(const Node& node, const Json& list, const std::string& path) {
    std::unordered_set<std::string> seen;
    for (size_t i = 0; i < list.size(); ++i) {
      std::string label = "[" + std::to_string(i) + "]";
      if (node.list_type != ListType::kAtomic) {
        if (const std::string why = WhyNoItem(node, list[i]); !why.empty()) {
          faults_.push_back(path + ": element " + std::to_string(i) + ": " + why);
          continue;
        }
        const std::string element = *ItemElement(node, list[i]);
        label = DisplayPath({element});
        if (!seen.insert(element).second) {
          faults_.push_back(path + ": duplicate entries for key " + label);
          continue;
        }
      }
      Place(ItemNode(node), list[i], path + label);
    }
  }

  static std::string WhyNoItem(const Node& list, const Json& item) {
    if (list.list_type == ListType::kSet) {
      return item.is_null() ? "associative list without keys has an element that's an explicit null"
                            : "";
    }
    if (item.is_null()) return "associative list with keys may not have a null element";
    if (!item.is_object()) return "associative list with keys may not have non-map elements";
    for (const std::string& key : list.list_map_keys) {
      if (item.contains(key) || !MemberNode(ItemNode(list), key).default_value.is_null()) continue;
      return "associative list with keys has an element that omits key field \"" + key +
             "\" (and doesn't have default value)";
    }
    return ItemElement(list, item) ? "" : "associative list with keys has an element without them";
  }

  std::vector<std::string> faults_;
};

}  // namespace

FieldSetPtr ConfiguredFields(const Node& root, const Json& config) { return Below(root, config); }

FieldSetPtr WithNamedParents(const Node& root, const FieldSetPtr& set) {
  if (!set) return nullptr;
  std::vector<Child> out = set->children();
  for (Child& c : out) {
    if (!c.below) continue;
    c.below = WithNamedParents(ChildNode(root, c.element), c.below);
    c.member = c.member ||
               (c.element[0] == 'f' && IsDeclared(root, std::string_view(c.element).substr(2)));
  }
  return FieldSet::Make(std::move(out));
}

FieldSetPtr FitToSchema(const Node& root, const FieldSetPtr& set) {
  if (!set) return nullptr;
  std::vector<Child> out = set->children();
  bool same = true;
  for (Child& c : out) {
    if (!c.below) continue;
    const Node& node = ChildNode(root, c.element);
    if (IsAtomicAround(node, *c.below)) {
      c = {c.element, true, nullptr};
      same = false;
      continue;
    }
    FieldSetPtr below = FitToSchema(node, c.below);
    same = same && below == c.below;
    c.below = std::move(below);
  }
  return same ? set : FieldSet::Make(std::move(out));
}

Json RemoveFields(const Node& root, const Json& object, const FieldSetPtr& set) {
  if (!set) return object;
  if (IsGranularMap(root, object)) {
    Json out = Json::object();
    for (const auto& [key, member] : object.items()) {
      const Child* c = set->Find(FieldElement(key));
      if (c != nullptr && c->member) continue;
      out[key] = c ? RemoveFields(MemberNode(root, key), member, c->below) : member;
    }
    return out;
  }
  if (IsGranularList(root, object)) {
    Json out = Json::array();
    for (const Json& item : object) {
      const std::optional<std::string> element = ItemElement(root, item);
      const Child* c = element ? set->Find(*element) : nullptr;
      if (c != nullptr && c->member) continue;
      out.push_back(c ? RemoveFields(ItemNode(root), item, c->below) : item);
    }
    return out;
  }
  return object;
}

Json MergeConfiguration(const Node& root, const Json& live, const Json& config) {
  return MergePlace(root, live, config);
}

std::string FindFaults(const Node& root, const Json& config) {
  FaultFinder finder;
  finder.Place(root, config, "");
  return finder.Text();
}

}  // namespace gantry::managedfields
