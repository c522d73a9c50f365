#pragma once

#include <string>

#include "apiserver/auth/certificates.h"
#include "apiserver/http/tls_context.h"

namespace gantry::apiserver::testing {

// A CA with a server certificate for localhost, made once a process.
struct Credentials {
  KeyPair ca;
  KeyPair server;
  TlsFiles tls() const { return {server.certificate, server.key, ca.certificate}; }
  // A client certificate of that CA.
  KeyPair Client(const std::string& name, const std::vector<std::string>& groups) const;
};
const Credentials& TestCredentials();

}  // namespace gantry::apiserver::testing
