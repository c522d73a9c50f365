#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/result.h"

// Makes and reads X.509 certificates with ECDSA P-256 keys. All texts are PEM. Pure, thread-safe.
namespace gantry::apiserver {

struct KeyPair {
  std::string certificate;
  std::string key;
};

// What a certificate is for; names as in `subjectAltName`.
struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  bool server = false;  // else a client's
  WallTime not_before;
  WallTime not_after;
};

// A self-signed authority.
Result<KeyPair> MakeAuthority(std::string_view common_name, WallTime not_before,
                              WallTime not_after);
Result<KeyPair> MakeCertificate(const KeyPair& authority, const CertificateRequest& request);

struct CertificateInfo {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;     // sorted
  std::vector<std::string> ip_addresses;  // sorted, as inet_ntop writes them
  WallTime not_after;
};

// kInvalid when it is not a certificate.
Result<CertificateInfo> ReadCertificateInfo(const std::string& pem);
// The first of several certificates, as PEM; empty when there is none.
std::string FirstCertificate(const std::string& pem);
// When the first of several certificates ends; what is no certificate is skipped. kInvalid when
// there is none.
Result<WallTime> EarliestEnd(const std::string& pem);
// Whether `certificate` was signed by `authority` and `pair.key` is its key.
bool IsIssuedBy(const KeyPair& pair, const std::string& authority_certificate);

}  // namespace gantry::apiserver
