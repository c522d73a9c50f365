#pragma once

#include <functional>

#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// Calls `ended` once the stream or WebSocket of `response`, which has one of them, is over; with
// the bytes that were taken from the stream, or that came over the WebSocket. Any thread.
void ObserveBody(Response* response, std::function<void(size_t bytes)> ended);
// The same, and `passed` at every piece.
void ObserveBody(Response* response, std::function<void(size_t bytes)> passed,
                 std::function<void(size_t bytes)> ended);

}  // namespace gantry::apiserver
