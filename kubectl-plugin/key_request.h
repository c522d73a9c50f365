#pragma once

#include <string>
#include <vector>

#include "apis/machinery/base/result.h"

namespace gantry::kubectl {

// A fresh key, which never leaves this machine, and the request for a client certificate with it;
// both PEM.
struct KeyRequest {
  std::string key;
  std::string request;
};

// ECDSA P-256; the name is the common name, the groups are the organizations. kInvalid for a name
// or group that a certificate cannot have (empty, or longer than 64 characters).
Result<KeyRequest> MakeKeyRequest(const std::string& name, const std::vector<std::string>& groups);

}  // namespace gantry::kubectl
