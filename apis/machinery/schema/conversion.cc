#include "apis/machinery/schema/conversion.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/object.h"

namespace gantry::schema {
namespace {

constexpr char kScheme[] = "https://";
constexpr int kDefaultPort = 443;

bool KnowsReview(const std::vector<std::string>& versions) {
  return std::any_of(versions.begin(), versions.end(),
                     [](const std::string& v) { return v == "v1" || v == "v1beta1"; });
}

void ParseUrl(const std::string& url, const std::string& at, FieldErrors* errors,
              WebhookConversion* out) {
  if (url.rfind(kScheme, 0) != 0) {
    errors->push_back(Invalid(
        at, url, "'https' is the only allowed URL scheme; desired format: https://host[/path]"));
    return;
  }
  const size_t slash = std::min(url.find_first_of("/?#", sizeof(kScheme) - 1), url.size());
  out->server = url.substr(0, slash);
  out->path = url.substr(slash);
  if (out->path.empty()) out->path = "/";
  if (out->server.size() < sizeof(kScheme)) {
    errors->push_back(
        Invalid(at, url, "host must be specified; desired format: https://host[/path]"));
  }
  if (out->server.find('@') != std::string::npos) {
    errors->push_back(Invalid(at, url, "user information is not permitted in the URL"));
  }
  if (out->path.find('#') != std::string::npos) {
    errors->push_back(Invalid(at, url, "fragments are not permitted in the URL"));
  }
  if (out->path.find('?') != std::string::npos) {
    errors->push_back(Invalid(at, url, "query parameters are not permitted in the URL"));
  }
}

// The host of a service is its name in DNS, as pods would look it up.
void ParseService(const Json& service, const std::string& at, FieldErrors* errors,
                  WebhookConversion* out) {
  const Reader reader(service, at, errors);
  const std::string ns = reader.RequiredText("namespace");
  const std::string name = reader.RequiredText("name");
  int port = reader.Number("port");
  if (port == 0) port = kDefaultPort;
  if (port < 1 || port > 65535) {
    errors->push_back(
        Invalid(at + ".port", port, "port is not valid: must be between 1 and 65535, inclusive"));
  }
  out->path = reader.Text("path");
  if (out->path.empty()) out->path = "/";
  if (out->path.front() != '/') {
    errors->push_back(Invalid(at + ".path", out->path, "must start with a '/'"));
  }
  out->server = fmt::format("https://{}.{}.svc:{}", name, ns, port);
}

void ParseClient(const Json& config, const std::string& at, FieldErrors* errors,
                 WebhookConversion* out) {
  const Reader reader(config, at, errors);
  const std::string url = reader.Text("url");
  const Json* const service = reader.Object("service");
  if (url.empty() == (service == nullptr)) {
    errors->push_back(Required(at, "exactly one of url or service is required"));
  } else if (service != nullptr) {
    ParseService(*service, at + ".service", errors, out);
  } else {
    ParseUrl(url, at + ".url", errors, out);
  }
  const std::string bundle = reader.Text("caBundle");
  if (bundle.empty()) return;
  const std::optional<std::string> pem = Base64Decode(bundle);
  if (!pem || pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    errors->push_back(
        Invalid(at + ".caBundle", bundle, "must be certificates in PEM form, encoded as base64"));
    return;
  }
  out->ca_pem = *pem;
}

}  // namespace

std::optional<WebhookConversion> ParseConversion(const Reader& spec) {
  const Json* const object = spec.Object("conversion");
  if (object == nullptr) return std::nullopt;
  FieldErrors* const errors = spec.errors();
  const Reader conversion(*object, "spec.conversion", errors);
  const std::string strategy = conversion.RequiredText("strategy");
  const std::string at = conversion.At("webhook");
  const Json* const webhook = conversion.Object("webhook");
  if (strategy != "Webhook") {
    if (!strategy.empty() && strategy != "None") {
      errors->push_back(NotSupported("spec.conversion.strategy", strategy, {"None", "Webhook"}));
    } else if (webhook != nullptr) {
      errors->push_back(Forbidden(at, "should not be set when strategy is not set to Webhook"));
    }
    return std::nullopt;
  }
  WebhookConversion out;
  if (webhook == nullptr) {
    errors->push_back(Required(at, "required when strategy is set to Webhook"));
    return out;
  }
  const Reader reader(*webhook, at, errors);
  out.review_versions = reader.Texts("conversionReviewVersions");
  if (out.review_versions.empty()) {
    errors->push_back(Required(reader.At("conversionReviewVersions"), ""));
  } else if (!KnowsReview(out.review_versions)) {
    errors->push_back(Invalid(reader.At("conversionReviewVersions"), Json(out.review_versions),
                              "must include at least one of v1, v1beta1"));
  }
  if (const Json* const config = reader.Object("clientConfig")) {
    ParseClient(*config, reader.At("clientConfig"), errors, &out);
  } else {
    errors->push_back(
        Required(reader.At("clientConfig"), "required when strategy is set to Webhook"));
  }
  return out;
}

}  // namespace gantry::schema
