#pragma once

#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// Who the server is when it writes by itself.
const User& SystemUser();

}  // namespace gantry::apiserver
