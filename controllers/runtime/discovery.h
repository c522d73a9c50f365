#pragma once

#include <set>
#include <string>
#include <vector>

#include "apis/client/client.h"

namespace gantry::runtime {

struct DiscoveredResource {
  client::Resource resource;
  std::set<std::string> verbs;
};

// Every resource that the server serves, in its group's preferred version, without subresources.
Result<std::vector<DiscoveredResource>> DiscoverResources(const Context& ctx,
                                                          const client::Client& client);

}  // namespace gantry::runtime
