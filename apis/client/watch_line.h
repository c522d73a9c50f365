#pragma once

#include "apis/client/client.h"

namespace gantry::client {

// Decodes `{"type":"ADDED","object":{...}}`. An ERROR event becomes its error; kInternal for
// anything that is no event.
Result<WatchEvent> ParseWatchLine(std::string_view line);

}  // namespace gantry::client
