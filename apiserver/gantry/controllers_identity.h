#pragma once

#include <string>

#include "apiserver/auth/certificates.h"

// Who controllers are. Within the server each is a user of its own,
// `system:gantry:controller:<name>` with the role `system:controller:<name>`; a process of
// controllers has one certificate for all.
namespace gantry::program {

// Says what somebody is, and gives no rights.
inline constexpr char kControllersGroup[] = "system:gantry:controllers";
// Has the rights of all controllers.
inline constexpr char kControllerManager[] = "system:gantry:controller-manager";

// Writes `<data_dir>/controllers.kubeconfig` with a certificate of `authority` for
// kControllerManager, valid for a year, which verifies the server by `trusted`; only when it is for
// another server or authority or ends within 340 days.
Status WriteControllersKubeconfig(const apiserver::KeyPair& authority, const std::string& data_dir,
                                  const std::string& url, const std::string& trusted);

}  // namespace gantry::program
