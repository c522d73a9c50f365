#include "apiserver/gantry/identity.h"

#include <CLI/CLI.hpp>

#include "apiserver/auth/files.h"
#include "apiserver/service_accounts/key_file.h"

namespace gantry::program {
namespace {

using apiserver::ServiceAccountTokens;
using apiserver::StaticToken;
using apiserver::TokenAuthenticator;

Result<std::unique_ptr<const ServiceAccountTokens>> MakeServiceAccounts(
    const IdentityOptions& options, const std::string& data_dir) {
  ServiceAccountTokens::Options made;
  made.issuer = options.issuer;
  made.audiences = options.audiences;
  if (options.signing_key_file.empty()) {
    GANTRY_TRY_SET(made.signing_key, apiserver::EnsureSigningKey(data_dir + "/sa.key"));
  } else {
    GANTRY_TRY_SET(made.signing_key, apiserver::ReadFile(options.signing_key_file));
  }
  for (const std::string& path : options.key_files) {
    GANTRY_TRY_SET(std::string pem, apiserver::ReadFile(path));
    GANTRY_TRY(apiserver::jwt::Key::FromPem(pem).Wrap("--service-account-key-file " + path));
    made.further_keys.push_back(std::move(pem));
  }
  GANTRY_TRY_SET(auto tokens, ServiceAccountTokens::Make(made).Wrap("service account tokens"));
  return std::unique_ptr<const ServiceAccountTokens>(std::move(tokens));
}

Result<std::vector<StaticToken>> StaticTokens(const IdentityOptions& options,
                                              const std::string& data_dir,
                                              const std::string& admin_token) {
  StaticToken admin;
  admin.token = admin_token;
  admin.user.name = "gantry-admin";
  admin.user.groups = {"system:masters"};
  std::vector<StaticToken> tokens = {admin};
  const std::string path =
      options.token_file.empty() ? data_dir + "/tokens.csv" : options.token_file;
  const Result<std::string> text = apiserver::ReadFile(path);
  if (text.ok()) {
    GANTRY_TRY_SET(auto more, apiserver::ParseTokenFile(*text).Wrap(path));
    tokens.insert(tokens.end(), more.begin(), more.end());
  } else if (text.code() != Code::kNotFound || !options.token_file.empty()) {
    return text.error();
  }
  return tokens;
}

}  // namespace

void AddIdentityOptions(CLI::App* command, IdentityOptions* options) {
  command->add_option("--token-file", options->token_file,
                      "Lines token,user,uid,\"groups\"; default <data-dir>/tokens.csv if present");
  command
      ->add_option("--service-account-issuer", options->issuer,
                   "Who issues the tokens of ServiceAccounts: their `iss`")
      ->capture_default_str();
  command->add_option("--service-account-signing-key-file", options->signing_key_file,
                      "PEM key that signs them; default <data-dir>/sa.key, made when missing");
  command->add_option("--service-account-key-file", options->key_files,
                      "PEM key, public or private, whose tokens count too; may be repeated");
  command
      ->add_option("--api-audiences", options->audiences,
                   "Whom tokens for this server are meant for; default: the issuer")
      ->delimiter(',');
}

Result<KnownUsers> MakeKnownUsers(const IdentityOptions& options, const std::string& data_dir,
                                  const std::string& admin_token) {
  KnownUsers known;
  GANTRY_TRY_SET(known.service_accounts, MakeServiceAccounts(options, data_dir));
  const apiserver::Audiences& own = known.service_accounts->audiences();
  GANTRY_TRY_SET(auto fixed, StaticTokens(options, data_dir, admin_token));
  known.tokens = apiserver::NewStaticTokens(std::move(fixed), own);
  return known;
}

}  // namespace gantry::program
