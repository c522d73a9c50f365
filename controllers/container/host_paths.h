#pragma once

#include "apis/client/client.h"
#include "controllers/drivers/docker/types.h"
#include "controllers/runtime/store.h"

namespace gantry::container {

// Admission judges paths as they are written. On a host whose file system this process sees (its
// engine's endpoint is a socket of the file system) mounts are judged again by where symbolic links
// lead, and `config` gets the path without links. kForbidden names the mount, where it leads and
// what is allowed. Other hosts' paths stay as they are.
Status FollowLinks(const Context& ctx, const client::Client& client, const runtime::Lister& nodes,
                   const Object& container, docker::ContainerConfig* config);

}  // namespace gantry::container
