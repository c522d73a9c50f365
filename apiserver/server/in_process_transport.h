#pragma once

#include "apis/client/transport.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// The client's transport into this process's own server: requests run through `chain` (all filters)
// as `user`. Thread-safe; calls block. `chain` must outlive it, and every stream that it gave must
// be gone before the server behind the chain is.
std::shared_ptr<client::Transport> NewInProcessTransport(Handler chain, User user);

}  // namespace gantry::apiserver
