#pragma once

#include <functional>
#include <string>

#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// Says whether the wait is over. The object is null when it does not exist (any more).
using Met = std::function<bool(const Object*)>;

// Follows one object until `met` says so. kTimeout when `timeout` passed first (zero: look once;
// negative: without end). A server that goes away while we wait is waited for as well.
Status WaitForObject(Session& session, const ServedResource& type, const ObjectKey& key,
                     Duration timeout, const Met& met);

// `30s`, `2m`, and plain seconds. Local error otherwise.
Result<Duration> ParseTimeout(const std::string& text);

// One line about how far an object is: the message of its Ready condition, or its phase; empty if
// it tells nothing.
std::string StateLine(const Object& object);

}  // namespace gantry::kubectl
