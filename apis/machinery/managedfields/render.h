#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"

namespace gantry::managedfields {

// Appends the `metadata.managedFields` array of what ManagedFields::Encode gave, as
// ManagedFields::ToJsonText would; nothing for the empty text. Goes from bytes to text without the
// sets in between: lists do this for every object. kDataLoss, and nothing appended, when it does
// not decode. Pure.
Status AppendEncodedAsJson(std::string_view encoded, std::string* out);

}  // namespace gantry::managedfields
