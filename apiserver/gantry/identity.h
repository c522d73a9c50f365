#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/result.h"
#include "apiserver/auth/token_authenticator.h"
#include "apiserver/service_accounts/tokens.h"

namespace CLI {
class App;
}

namespace gantry::program {

// Flags about who gets in. Names and meaning are kube-apiserver's.
struct IdentityOptions {
  std::string token_file;                          // empty: <data_dir>/tokens.csv if it is there
  std::string issuer = apiserver::kDefaultIssuer;  // of ServiceAccounts' tokens
  std::string signing_key_file;                    // empty: <data_dir>/sa.key, made when missing
  std::vector<std::string> key_files;              // further keys whose tokens count
  std::vector<std::string> audiences;              // empty: the issuer
};
void AddIdentityOptions(CLI::App* command, IdentityOptions* options);

// Whom the server knows, beside client certificates. Outlives the server.
struct KnownUsers {
  std::unique_ptr<const apiserver::ServiceAccountTokens> service_accounts;
  std::unique_ptr<const apiserver::TokenAuthenticator> tokens;  // others' bearer tokens
};

// Reads the files that the options name, and makes the signing key. `admin_token` is that of
// gantry-admin. Blocks on the disk.
Result<KnownUsers> MakeKnownUsers(const IdentityOptions& options, const std::string& data_dir,
                                  const std::string& admin_token);

}  // namespace gantry::program
