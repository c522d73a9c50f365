#pragma once

#include <string_view>

#include "apis/machinery/schema/schema.h"

namespace gantry::managedfields {

// The versions of a kind. What a manager owns is compared in the version that it wrote in: there
// its fields have their names.
class Versions {
 public:
  virtual ~Versions() = default;
  // The schema of an apiVersion; null when it is not served any more.
  virtual const schema::Node* Root(std::string_view api_version) const = 0;
  // The object, whatever version it is in, in `api_version`. May block.
  virtual Result<Json> Convert(const Json& object, std::string_view api_version) const = 0;
};

}  // namespace gantry::managedfields
