#pragma once

#include <string_view>

#include "apis/machinery/base/result.h"

namespace gantry::docker {

// The Error of an answer with `status` >= 400, with the engine's message from `body`. A host port
// that somebody else has is kAlreadyExists, whatever the status.
Error ErrorFromAnswer(int status, std::string_view body);

// The Error of a message that came in a pull's stream after its 200: kNotFound when the registry
// denies the image, kUnavailable for what may pass.
Error ErrorFromPull(std::string_view message);

}  // namespace gantry::docker
