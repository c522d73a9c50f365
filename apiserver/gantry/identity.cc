#include "apiserver/gantry/identity.h"

#include <CLI/CLI.hpp>

#include "apis/machinery/http/tls.h"
#include "apiserver/auth/files.h"
#include "apiserver/gantry/https_fetch.h"
#include "apiserver/oidc/authenticator.h"
#include "apiserver/service_accounts/key_file.h"

namespace gantry::program {
namespace {

using apiserver::ServiceAccountTokens;
using apiserver::StaticToken;
using apiserver::TokenAuthenticator;
using apiserver::oidc::IssuerConfig;

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

Result<std::vector<IssuerConfig>> Issuers(const IdentityOptions& options) {
  std::vector<IssuerConfig> issuers;
  if (!options.authentication_config.empty()) {
    const std::string& path = options.authentication_config;
    if (options.oidc.given()) {
      return Error(Code::kInvalid,
                   "--authentication-config and --oidc-issuer-url do not go together");
    }
    GANTRY_TRY_SET(const std::string text, apiserver::ReadFile(path));
    GANTRY_TRY_SET(
        issuers,
        apiserver::oidc::ParseAuthenticationConfiguration(text, options.issuer).Wrap(path));
  } else if (options.oidc.given()) {
    std::string ca;
    if (!options.oidc.ca_file.empty()) {
      GANTRY_TRY_SET(ca, apiserver::ReadFile(options.oidc.ca_file));
    }
    GANTRY_TRY_SET(IssuerConfig one,
                   apiserver::oidc::ConfigOfFlags(options.oidc, std::move(ca), options.issuer));
    issuers.push_back(std::move(one));
  }
  for (const IssuerConfig& issuer : issuers) {
    http::TlsOptions tls;
    tls.ca_pem = issuer.ca_pem;
    GANTRY_TRY(http::CheckTls(tls).Wrap("issuer " + issuer.url));
  }
  return issuers;
}

void AddOidcOptions(CLI::App* command, apiserver::oidc::IssuerFlags* oidc) {
  command->add_option("--oidc-issuer-url", oidc->url,
                      "OpenID Connect provider whose id tokens let their users in, https");
  command->add_option("--oidc-client-id", oidc->client_id, "Whom its tokens must be meant for");
  command
      ->add_option("--oidc-username-claim", oidc->username_claim,
                   "The claim that is the user's name")
      ->capture_default_str();
  command->add_option("--oidc-username-prefix", oidc->username_prefix,
                      "In front of names; \"-\": nothing; default: <issuer>#, nothing for email");
  command->add_option("--oidc-groups-claim", oidc->groups_claim,
                      "The claim that is the user's groups, a text or a list");
  command->add_option("--oidc-groups-prefix", oidc->groups_prefix, "In front of groups");
  command->add_option("--oidc-ca-file", oidc->ca_file,
                      "Authorities of the provider's server, PEM; default: the machine's");
  command->add_option("--oidc-required-claim", oidc->required_claims,
                      "key=value that its tokens must have; may be repeated");
  command
      ->add_option("--oidc-signing-algs", oidc->algorithms,
                   "How its tokens may be signed: of RS, PS and ES with 256, 384, 512")
      ->delimiter(',')
      ->capture_default_str();
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
  AddOidcOptions(command, &options->oidc);
  command->add_option("--authentication-config", options->authentication_config,
                      "Any number of providers: an AuthenticationConfiguration of "
                      "apiserver.config.k8s.io/v1, instead of --oidc-*");
}

Result<KnownUsers> MakeKnownUsers(const IdentityOptions& options, const std::string& data_dir,
                                  const std::string& admin_token) {
  KnownUsers known;
  GANTRY_TRY_SET(known.service_accounts, MakeServiceAccounts(options, data_dir));
  const apiserver::Audiences& own = known.service_accounts->audiences();
  GANTRY_TRY_SET(auto fixed, StaticTokens(options, data_dir, admin_token));
  known.fixed = apiserver::NewStaticTokens(std::move(fixed), own);
  GANTRY_TRY_SET(const auto issuers, Issuers(options));
  std::vector<const TokenAuthenticator*> all = {known.fixed.get()};
  if (!issuers.empty()) {
    known.oidc = std::make_unique<apiserver::oidc::OidcAuthenticator>(issuers, own, &HttpsFetch,
                                                                      Clock::Real());
    all.push_back(known.oidc.get());
  }
  known.tokens = apiserver::NewTokenUnion(std::move(all));
  return known;
}

}  // namespace gantry::program
