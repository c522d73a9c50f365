#pragma once

#include <map>
#include <string>
#include <vector>

#include "apis/compose/values.h"

namespace gantry::compose {

// Takes the services out of the map whose `profiles` are not active; `*` makes all active. Returns
// their names with their profiles, as a text for people.
std::map<std::string, std::string> TakeInactive(Json* services, const std::string& place,
                                                const std::vector<std::string>& active,
                                                Diagnostics* diag);

}  // namespace gantry::compose
