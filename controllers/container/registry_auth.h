#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apis/machinery/meta/object.h"
#include "controllers/drivers/docker/types.h"

// Credentials of registries, as `kubectl create secret docker-registry` writes them. Pure.
namespace gantry::container {

// The registry of an image, `127.0.0.1:5000` or `docker.io`.
std::string RegistryOf(std::string_view image);

// What `secret` has for the image: the longest entry whose host is the image's registry and whose
// path begins the image's. Empty when it has none. kInvalid when it is no such Secret; the message
// never has anything of its content.
Result<std::optional<docker::RegistryAuth>> AuthFor(const Object& secret, std::string_view image);

}  // namespace gantry::container
