#pragma once

#include <string>

#include "apis/machinery/base/json.h"

// The form of an OpenAPI v2 document that Kubernetes' clients decode. Vendor extensions, defaults
// and enumerated values are YAML texts within it.
namespace gantry::apiserver::openapi {

// Members of `paths` and `definitions`, encoded. Those of several kinds, one after the other, are
// those of all of them.
std::string EncodeV2Paths(const Json& paths);
std::string EncodeV2Definitions(const Json& definitions);
// What a document begins with: `swagger` and `info`.
std::string EncodeV2Head(const Json& document);
// What stands before the encoded members of `paths` and of `definitions`, which are `size` bytes.
std::string V2PathsHeader(size_t size);
std::string V2DefinitionsHeader(size_t size);

}  // namespace gantry::apiserver::openapi
