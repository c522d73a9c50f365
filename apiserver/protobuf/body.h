#pragma once

#include <string_view>

#include "apis/machinery/base/json.h"

namespace gantry::apiserver {

// The media type of the bodies below.
inline constexpr std::string_view kProtobufMediaType = "application/vnd.kubernetes.protobuf";

// A request body in Kubernetes' protobuf form, as the JSON that the same client would have sent for
// the same object; times that are zero are left out, where Go writes null. Fields that our messages
// do not name are dropped.
// kTooLarge beyond `max_fields`, kUnsupportedMediaType for kinds without a message here (custom
// resources), kBadRequest for bytes that do not decode. Pure and thread-safe.
Result<Json> DecodeProtobuf(std::string_view body, size_t max_fields);

}  // namespace gantry::apiserver
