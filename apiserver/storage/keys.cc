#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {
constexpr std::string_view kCore = "core";
}

std::string ResourcePrefix(const GroupResource& resource) {
  std::string prefix = "/";
  prefix += resource.group.empty() ? kCore : std::string_view(resource.group);
  prefix += '/';
  prefix += resource.resource;
  prefix += '/';
  return prefix;
}

std::string RelativeKey(const ObjectKey& key) { return key.ns + "/" + key.name; }

ObjectKey ParseRelativeKey(std::string_view relative) {
  const size_t slash = relative.find('/');
  if (slash == std::string_view::npos) return {"", std::string(relative)};
  return {std::string(relative.substr(0, slash)), std::string(relative.substr(slash + 1))};
}

bool SplitStoreKey(std::string_view key, GroupResource* resource, std::string_view* relative) {
  if (key.empty() || key[0] != '/') return false;
  const size_t group_end = key.find('/', 1);
  if (group_end == std::string_view::npos) return false;
  const size_t resource_end = key.find('/', group_end + 1);
  if (resource_end == std::string_view::npos) return false;
  const std::string_view group = key.substr(1, group_end - 1);
  resource->group = group == kCore ? std::string() : std::string(group);
  resource->resource = std::string(key.substr(group_end + 1, resource_end - group_end - 1));
  *relative = key.substr(resource_end + 1);
  return relative->find('/') != std::string_view::npos;
}

}  // namespace gantry::apiserver
