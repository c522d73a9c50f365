#pragma once

#include <memory>

#include "apis/machinery/schema/schema.h"

namespace gantry::schema {

// The schema of ObjectMeta: what the root and embedded resources have without saying so.
std::shared_ptr<const Node> MetadataNode();

}  // namespace gantry::schema
