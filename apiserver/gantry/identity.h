#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/result.h"
#include "apiserver/auth/token_authenticator.h"
#include "apiserver/oidc/issuer_config.h"
#include "apiserver/service_accounts/tokens.h"

namespace CLI {  // NOLINT(readability-identifier-naming): a library's
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
  apiserver::oidc::IssuerFlags oidc;               // one provider of identities
  std::string authentication_config;               // a file that names any number of them
};
void AddIdentityOptions(CLI::App* command, IdentityOptions* options);

// Whom the server knows, beside client certificates. Outlives the server.
struct KnownUsers {
  std::unique_ptr<const apiserver::ServiceAccountTokens> service_accounts;
  std::unique_ptr<const apiserver::TokenAuthenticator> fixed;   // from files
  std::unique_ptr<const apiserver::TokenAuthenticator> oidc;    // null: no providers
  std::unique_ptr<const apiserver::TokenAuthenticator> tokens;  // both of these
};

// Reads the files that the options name, and makes the signing key. `admin_token` is that of
// gantry-admin. Blocks on the disk, not on providers: their keys come when they answer.
Result<KnownUsers> MakeKnownUsers(const IdentityOptions& options, const std::string& data_dir,
                                  const std::string& admin_token);

}  // namespace gantry::program
