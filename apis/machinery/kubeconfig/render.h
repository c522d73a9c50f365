#pragma once

#include <string>

#include "apis/machinery/http/options.h"

namespace gantry::kubeconfig {

// A configuration file, in YAML, of one user of one cluster called `gantry`: the way back from
// Load. Of `client` the server, its authorities and the client's certificate are used.
struct Rendering {
  http::TransportOptions client;
  std::string user;
  std::string context = "gantry";
  std::string ns;  // empty: none is named
};
std::string Render(const Rendering& what);

}  // namespace gantry::kubeconfig
