#pragma once

#include <string>

#include "apis/machinery/base/context.h"

namespace gantry::program {

// The documents of OpenID Connect providers, as oidc::Fetch wants them.
Result<std::string> HttpsFetch(const Context& ctx, const std::string& url,
                               const std::string& ca_pem);

}  // namespace gantry::program
