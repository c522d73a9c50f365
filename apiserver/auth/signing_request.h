#pragma once

#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/result.h"
#include "apiserver/auth/certificates.h"

// Certificates that others ask for: PKCS#10 requests, and client certificates made of them. Pure,
// thread-safe.
namespace gantry::apiserver {

// What a request says. Nothing in it is to be believed but that its sender has the key.
struct SigningRequest {
  std::vector<std::string> common_names;
  std::vector<std::string> organizations;
  bool has_alternative_names = false;
  bool wants_authority = false;  // basicConstraints with CA:TRUE, or malformed
  int security_bits = 0;         // of its key; 112 for RSA of 2048 bits
};

// Reads a request in PEM, whose block must be a CERTIFICATE REQUEST. kInvalid when it is malformed
// or larger than 64 KiB.
Result<SigningRequest> ParseSigningRequest(const std::string& pem);
// kInvalid unless the request parses and was signed by its own key.
Status CheckSelfSignature(const std::string& pem);

// Names that no request may have, whoever approves it: `system:masters`, which may do everything,
// and those beginning with `system:gantry:`, by which the parts of the server know each other.
bool IsReservedName(const std::string& name);

// Whether a client certificate can be made of it: one common name, no reserved or unprintable
// names, a strong key, neither an authority nor alternative names. kInvalid, saying what is wrong.
Status CheckClientRequest(const SigningRequest& request);

struct ClientCertificateTerms {
  WallTime not_before;
  WallTime not_after;
  bool key_encipherment = false;  // beside digitalSignature
};
// A client certificate, PEM, with the subject and the key of the request and nothing else of it.
// The caller has checked the request. kInvalid when the request or the authority is malformed.
Result<std::string> SignClientCertificate(const KeyPair& authority, const std::string& request_pem,
                                          const ClientCertificateTerms& terms);

}  // namespace gantry::apiserver
