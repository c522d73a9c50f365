#include "apiserver/oidc/issuer_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/object.h"
#include "apis/machinery/yaml/yaml.h"

namespace gantry::apiserver::oidc {
namespace {

constexpr char kGroup[] = "apiserver.config.k8s.io/";
constexpr char kUnsupported[] = "is not supported";

std::string WhyNoUrl(const std::string& url) {
  if (!url.starts_with("https://") || url.size() == std::string_view("https://").size())
    return "must be an https URL";
  if (url.find_first_of("?#@ ") != url.npos) return "must have no user, query or fragment";
  return "";
}

// Reads one configuration and gathers what is wrong with it.
class Reader {
 public:
  explicit Reader(FieldErrors* errors) : errors_(errors) {}

  // The members that there may be; a `!` marks one that Kubernetes has and that is not supported.
  void Members(const Json& object, const std::string& at, const std::vector<std::string>& known) {
    if (!object.is_object()) {
      errors_->push_back(Invalid(at, object, "must be an object"));
      return;
    }
    for (const auto& [key, value] : object.items()) {
      bool allowed = false;
      for (const std::string& name : known) {
        if (name == "!" + key && !value.is_null()) {
          errors_->push_back(Forbidden(Path(at, key), kUnsupported));
        }
        allowed = allowed || name == key || name == "!" + key;
      }
      if (!allowed) errors_->push_back(Invalid(Path(at, key), value, "unknown field"));
    }
  }

  IssuerConfig Issuer(const Json& jwt, const std::string& at) {
    IssuerConfig config;
    Members(jwt, at, {"issuer", "claimMappings", "claimValidationRules", "!userValidationRules"});
    Source(GetAny(jwt, "issuer"), at + ".issuer", &config);
    Mappings(GetAny(jwt, "claimMappings"), at + ".claimMappings", &config);
    const Json& rules = GetArray(jwt, "claimValidationRules");
    for (size_t i = 0; i < rules.size(); ++i) {
      Rule(rules[i], fmt::format("{}.claimValidationRules[{}]", at, i), &config);
    }
    return config;
  }

 private:
  static std::string Path(const std::string& at, const std::string& key) {
    return at.empty() ? key : at + "." + key;
  }

  void Url(const std::string& url, const std::string& at) {
    if (const std::string why = WhyNoUrl(url); url.empty()) {
      errors_->push_back(Required(at, ""));
    } else if (!why.empty()) {
      errors_->push_back(Invalid(at, url, why));
    }
  }

  void Source(const Json& issuer, const std::string& at, IssuerConfig* config) {
    Members(issuer, at,
            {"url", "discoveryURL", "certificateAuthority", "audiences", "audienceMatchPolicy",
             "!egressSelectorType"});
    config->url = GetString(issuer, "url");
    Url(config->url, at + ".url");
    config->discovery_url = GetString(issuer, "discoveryURL");
    if (!config->discovery_url.empty()) Url(config->discovery_url, at + ".discoveryURL");
    config->ca_pem = GetString(issuer, "certificateAuthority");
    config->audiences = GetStrings(issuer, "audiences");
    if (config->audiences.empty()) {
      errors_->push_back(Required(at + ".audiences", "at least one audience is required"));
    }
    const std::string policy = GetString(issuer, "audienceMatchPolicy");
    if (config->audiences.size() > 1 && policy.empty()) {
      errors_->push_back(
          Required(at + ".audienceMatchPolicy", "must be MatchAny for multiple audiences"));
    } else if (!policy.empty() && policy != "MatchAny") {
      errors_->push_back(NotSupported(at + ".audienceMatchPolicy", policy, {"MatchAny"}));
    }
  }

  void Mappings(const Json& mappings, const std::string& at, IssuerConfig* config) {
    Members(mappings, at, {"username", "groups", "uid", "!extra"});
    config->username = Mapping(GetAny(mappings, "username"), at + ".username", true);
    if (config->username.claim.empty()) {
      errors_->push_back(Required(at + ".username.claim", "a claim is required"));
    }
    config->groups = Mapping(GetAny(mappings, "groups"), at + ".groups", true);
    config->uid = Mapping(GetAny(mappings, "uid"), at + ".uid", false);
  }

  ClaimMapping Mapping(const Json& mapping, const std::string& at, bool prefixed) {
    if (mapping.is_null()) return {};
    std::vector<std::string> members = {"claim", "!expression"};
    if (prefixed) members.emplace_back("prefix");
    Members(mapping, at, members);
    ClaimMapping out{GetString(mapping, "claim"), GetString(mapping, "prefix")};
    const bool has_prefix = GetAny(mapping, "prefix").is_string();
    if (prefixed && !out.claim.empty() && !has_prefix) {
      errors_->push_back(Required(at + ".prefix",
                                  "prefix is required when claim is set. It can be set to an "
                                  "empty string to disable prefixing"));
    }
    if (out.claim.empty() && has_prefix) {
      errors_->push_back(Invalid(at + ".prefix", out.prefix, "needs a claim"));
    }
    return out;
  }

  void Rule(const Json& rule, const std::string& at, IssuerConfig* config) {
    Members(rule, at, {"claim", "requiredValue", "!expression", "!message"});
    const std::string claim = GetString(rule, "claim");
    if (claim.empty()) {
      errors_->push_back(Required(at + ".claim", "a claim is required"));
    } else if (!config->required_claims.emplace(claim, GetString(rule, "requiredValue")).second) {
      errors_->push_back(Duplicate(at + ".claim", claim));
    }
  }

  FieldErrors* const errors_;
};

Error Faults(const FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const FieldError& error : errors) texts.push_back(error.ToString());
  return Error(Code::kInvalid, fmt::format("{}", fmt::join(texts, "; ")));
}

}  // namespace

Result<std::vector<IssuerConfig>> ParseAuthenticationConfiguration(std::string_view text,
                                                                   const std::string& own) {
  GANTRY_TRY_SET(const auto documents, yaml::ParseYaml(text));
  if (documents.size() != 1 || !documents[0].value.is_object()) {
    return Error(Code::kInvalid, "must be one AuthenticationConfiguration");
  }
  const Json& root = documents[0].value;
  FieldErrors errors;
  for (const yaml::DuplicateKey& key : documents[0].duplicates) {
    errors.push_back(Duplicate(key.path, key.path));
  }
  const std::string version = GetString(root, "apiVersion");
  if (version != std::string(kGroup) + "v1" && version != std::string(kGroup) + "v1beta1") {
    errors.push_back(NotSupported("apiVersion", version,
                                  {std::string(kGroup) + "v1", std::string(kGroup) + "v1beta1"}));
  }
  if (const std::string kind = GetString(root, "kind"); kind != "AuthenticationConfiguration") {
    errors.push_back(NotSupported("kind", kind, {"AuthenticationConfiguration"}));
  }
  Reader reader(&errors);
  reader.Members(root, "", {"apiVersion", "kind", "jwt", "!anonymous"});
  std::vector<IssuerConfig> issuers;
  std::set<std::string> urls = {own};
  const Json& list = GetArray(root, "jwt");
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string at = fmt::format("jwt[{}]", i);
    issuers.push_back(reader.Issuer(list[i], at));
    const std::string& url = issuers.back().url;
    if (!urls.insert(url).second) errors.push_back(Duplicate(at + ".issuer.url", url));
  }
  if (!errors.empty()) return Faults(errors);
  return issuers;
}

Result<IssuerConfig> ConfigOfFlags(const IssuerFlags& flags, std::string ca_pem,
                                   const std::string& own) {
  const auto wrong = [](const char* flag, const std::string& why) {
    return Error(Code::kInvalid, fmt::format("--oidc-{}: {}", flag, why));
  };
  if (const std::string why = WhyNoUrl(flags.url); !why.empty()) return wrong("issuer-url", why);
  if (flags.url == own) return wrong("issuer-url", "issues the tokens of ServiceAccounts");
  if (flags.client_id.empty()) return wrong("client-id", "is required");
  if (flags.username_claim.empty()) return wrong("username-claim", "is required");
  IssuerConfig config;
  config.url = flags.url;
  config.ca_pem = std::move(ca_pem);
  config.audiences = {flags.client_id};
  config.username = {flags.username_claim, flags.username_prefix};
  // Names are unique for an issuer alone, but for e-mail addresses.
  if (flags.username_prefix == "-") {
    config.username.prefix.clear();
  } else if (flags.username_prefix.empty() && flags.username_claim != "email") {
    config.username.prefix = flags.url + "#";
  }
  config.groups = {flags.groups_claim, flags.groups_prefix};
  for (const std::string& pair : flags.required_claims) {
    const size_t equals = pair.find('=');
    if (equals == pair.npos || equals == 0) return wrong("required-claim", "must be key=value");
    config.required_claims[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  config.algorithms.clear();
  for (const std::string& name : flags.algorithms) {
    const auto algorithm = jwt::AlgorithmFrom(name);
    if (!algorithm) {
      std::vector<std::string_view> all;
      for (const jwt::Algorithm a : jwt::AllAlgorithms()) all.push_back(NameOf(a));
      return wrong("signing-algs",
                   fmt::format("\"{}\" must be one of {}", name, fmt::join(all, ", ")));
    }
    config.algorithms.insert(*algorithm);
  }
  return config;
}

}  // namespace gantry::apiserver::oidc
