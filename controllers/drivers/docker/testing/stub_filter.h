#pragma once

#include "controllers/drivers/docker/json_fields.h"
#include "controllers/drivers/docker/testing/stub_state.h"

namespace gantry::docker {

// Whether `labels` satisfy the `label` list of an Engine API filter.
inline bool StubMatches(const Json& filters, const StringMap& labels) {
  for (const std::string& wanted : Texts(filters, "label")) {
    const size_t equals = wanted.find('=');
    const auto it = labels.find(wanted.substr(0, equals));
    if (it == labels.end()) return false;
    if (equals != std::string::npos && it->second != wanted.substr(equals + 1)) return false;
  }
  return true;
}

StubAnswer StubError(int status, std::string message);

}  // namespace gantry::docker
