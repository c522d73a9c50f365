#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/meta/gvk.h"

// Store keys: `/<group>/<resource>/<namespace>/<name>`. Kubernetes' core group is written `core`: a
// user's group must contain a dot, so the word cannot collide. The namespace of a cluster-scoped
// object is empty: `/gantry.dev/nodes//host-1`.
namespace gantry::apiserver {

// `/gantry.dev/nodes/`, the prefix of all keys of a resource.
std::string ResourcePrefix(const GroupResource& resource);
// `default/web`, `/host-1`: what follows the prefix of the resource. Caches are ordered by it.
std::string RelativeKey(const ObjectKey& key);
ObjectKey ParseRelativeKey(std::string_view relative);

// Splits a store key; false when it has not the form above.
bool SplitStoreKey(std::string_view key, GroupResource* resource, std::string_view* relative);

}  // namespace gantry::apiserver
