#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace gantry {

struct GroupVersion {
  std::string group;  // empty for Kubernetes' core group
  std::string version;
  auto operator<=>(const GroupVersion&) const = default;
  // `v1` or `gantry.dev/v1`: the apiVersion of an object.
  std::string ToString() const { return group.empty() ? version : group + "/" + version; }
  static GroupVersion Parse(std::string_view api_version);
};

struct GroupKind {
  std::string group;
  std::string kind;
  auto operator<=>(const GroupKind&) const = default;
};

struct GroupVersionKind {
  std::string group;
  std::string version;
  std::string kind;
  auto operator<=>(const GroupVersionKind&) const = default;
  GroupVersion group_version() const { return {group, version}; }
};

struct GroupResource {
  std::string group;
  std::string resource;  // plural, lower case
  auto operator<=>(const GroupResource&) const = default;
  // `services.gantry.dev`, or `secrets` in the core group.
  std::string ToString() const { return group.empty() ? resource : resource + "." + group; }
};

struct GroupVersionResource {
  std::string group;
  std::string version;
  std::string resource;
  auto operator<=>(const GroupVersionResource&) const = default;
  GroupVersion group_version() const { return {group, version}; }
  GroupResource group_resource() const { return {group, resource}; }
};

// Names one object of a kind. `ns` is empty for cluster-scoped kinds.
struct ObjectKey {
  std::string ns;
  std::string name;
  auto operator<=>(const ObjectKey&) const = default;
  // `default/web`, or `web` for cluster-scoped kinds.
  std::string ToString() const { return ns.empty() ? name : ns + "/" + name; }
};

}  // namespace gantry
