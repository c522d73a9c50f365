#pragma once

#include <string>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/schema/schema.h"

// The one place where the server meets apis/machinery/managedfields.
namespace gantry::apiserver {

struct FieldWriter {
  std::string manager;
  std::string api_version;
  std::string subresource;
  WallTime time;
};

// The managedFields section after `writer` turned `before` (null: create) into `after`. `base` is
// the section before the write; a list that the client sent (`sent`; null: none) replaces it unless
// it does not decode, and an empty one forgets all.
std::string TrackFields(const schema::Node& root, const Json* before, const Json& after,
                        std::string_view base, const Json* sent, const FieldWriter& writer);

// The section as the JSON array of metadata.managedFields; empty when there is nothing to say.
std::string RenderManagedFields(std::string_view section);

}  // namespace gantry::apiserver
