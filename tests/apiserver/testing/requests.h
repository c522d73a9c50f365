#pragma once

#include <string>
#include <vector>

namespace gantry::apiserver::testing {

// What a test asks a certificate for, also what nobody should.
struct RequestOptions {
  std::vector<std::string> common_names = {"ann"};
  std::vector<std::string> organizations = {};
  std::string alternative_names = {};  // `DNS:localhost`
  std::string constraints = {};        // `CA:TRUE`
  int rsa_bits = 0;                    // 0: ECDSA P-256
  bool forged = false;                 // signed by another key
};

// A PKCS#10 request in PEM.
std::string MakeRequest(const RequestOptions& options);

}  // namespace gantry::apiserver::testing
