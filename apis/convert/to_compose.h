#pragma once

#include <string>
#include <vector>

#include "apis/machinery/meta/object.h"

namespace gantry::convert {

// A Compose document, and what it cannot say: `service shop-web: spec.minReadySeconds is left out`.
struct ComposeDocument {
  Json json;
  std::vector<std::string> notes;
};

// Of Services and Volumes of one namespace. Services are called as in the Compose document that
// they were made from (label gantry.dev/compose-service), else by their object's name.
ComposeDocument ToCompose(const std::vector<Object>& services, const std::vector<Object>& volumes);

}  // namespace gantry::convert
