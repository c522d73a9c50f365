#pragma once

#include <string_view>

#include "apis/machinery/base/result.h"

namespace gantry::docker {

// The Error of an answer with `status` >= 400, with the engine's message from `body`. A host port
// that somebody else has is kAlreadyExists, whatever the status.
Error ErrorFromAnswer(int status, std::string_view body);

// The Error of a message that came in a pull's stream after its 200: kNotFound when the registry
// denies the image, kForbidden when it wants credentials, else kInternal: the registry is out of
// reach, which is not the engine's kUnavailable.
Error ErrorFromPull(std::string_view message);

}  // namespace gantry::docker
