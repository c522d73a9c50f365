#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"
#include "apiserver/jwt/algorithm.h"

namespace gantry::apiserver::oidc {

// A claim that a name is taken from, and what is put in front of it.
struct ClaimMapping {
  std::string claim;  // empty: none
  std::string prefix;
};

// An OpenID Connect provider whose tokens let their subjects in.
struct IssuerConfig {
  std::string url;            // the tokens' `iss`, https
  std::string discovery_url;  // empty: <url>/.well-known/openid-configuration
  std::string ca_pem;         // empty: what the machine trusts
  std::vector<std::string> audiences;
  ClaimMapping username;
  ClaimMapping groups;
  ClaimMapping uid;
  std::map<std::string, std::string> required_claims;
  jwt::Algorithms algorithms = jwt::AllAlgorithms();
};

// An AuthenticationConfiguration of apiserver.config.k8s.io, v1 or v1beta1. kInvalid names every
// field that is wrong, unknown, or (expressions in CEL) not supported. No issuer may be `own`.
Result<std::vector<IssuerConfig>> ParseAuthenticationConfiguration(std::string_view yaml,
                                                                   const std::string& own);

// One issuer as kube-apiserver's --oidc-* flags say it.
struct IssuerFlags {
  std::string url;
  std::string client_id;
  std::string username_claim = "sub";
  std::string username_prefix;
  std::string groups_claim;
  std::string groups_prefix;
  std::string ca_file;
  std::vector<std::string> required_claims;  // key=value
  std::vector<std::string> algorithms = {"RS256"};

  bool given() const { return !url.empty() || !client_id.empty(); }
};
// kInvalid names the flag that is wrong. `ca_pem` is the content of ca_file.
Result<IssuerConfig> ConfigOfFlags(const IssuerFlags& flags, std::string ca_pem,
                                   const std::string& own);

}  // namespace gantry::apiserver::oidc
