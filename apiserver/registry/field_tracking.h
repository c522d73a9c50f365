#pragma once

#include <string>

#include "apis/machinery/base/clock.h"
#include "apiserver/registry/kind.h"

// The one place where the server meets apis/machinery/managedfields.
namespace gantry::apiserver {

struct FieldWriter {
  std::string manager;
  std::string api_version;
  std::string subresource;
  WallTime time;
};

// The managedFields section after `writer` turned `before` (null: create) into `after`. `base` is
// the section before the write. A list that the client sent (`sent`; null: none) replaces it,
// unless it is empty or does not decode, or the write goes to a subresource; `[{}]` forgets all. An
// object without a section stays without one: the next apply begins anew. `converts`: what others
// own may be looked at in their versions, which may block.
std::string TrackFields(const Target& target, const Json* before, const Json& after,
                        std::string_view base, const Json* sent, const FieldWriter& writer,
                        bool converts);

struct AppliedObject {
  Json object;
  std::string section;
};

// `live` (null: none yet) after `writer` applied `config`, all in the version of `target`, and the
// section then. Only what the endpoint may write counts: everything but status, or status alone.
// Errors are those of managedfields::Apply, and kBadRequest when `config` has managedFields.
Result<AppliedObject> ApplyFields(const Target& target, const Json* live, Json config, bool force,
                                  std::string_view base, const FieldWriter& writer);

// Whether two sections differ in times at most.
bool SameOwners(std::string_view a, std::string_view b);

// The section as the JSON array of metadata.managedFields; empty when there is nothing to say.
std::string RenderManagedFields(std::string_view section);

}  // namespace gantry::apiserver
