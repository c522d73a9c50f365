#pragma once

#include <string>
#include <string_view>

#include "controllers/drivers/docker/types.h"

namespace gantry::docker {

// An image reference cut into what the engine's pull takes.
struct ImageReference {
  std::string name;    // with the registry, if one is named
  std::string tag;     // empty when there is a digest
  std::string digest;  // sha256:...
};

// A reference without tag and digest gets the tag `latest`: the engine would pull every tag.
ImageReference ParseImageReference(std::string_view reference);

// The X-Registry-Auth header: base64url of a JSON document.
std::string EncodeRegistryAuth(const RegistryAuth& auth);

}  // namespace gantry::docker
