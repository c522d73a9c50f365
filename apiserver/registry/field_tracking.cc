#include "apiserver/registry/field_tracking.h"

namespace gantry::apiserver {

std::string TrackFields(const schema::Node&, const Json*, const Json&, std::string_view base,
                        const Json*, const FieldWriter&) {
  return std::string(base);
}

std::string RenderManagedFields(std::string_view) { return ""; }

}  // namespace gantry::apiserver
