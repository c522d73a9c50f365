#include "apis/machinery/meta/certificate_request.h"
#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/condition.h"
#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/names.h"
#include "apiserver/auth/signing_request.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

constexpr int64_t kLeastSeconds = 600;
constexpr size_t kLongestSigner = 571;  // a namespace, a domain and a path

const std::vector<std::string>& Usages() {
  static const auto* const all = new std::vector<std::string>{"any",
                                                              "cert sign",
                                                              "client auth",
                                                              "code signing",
                                                              "content commitment",
                                                              "crl sign",
                                                              "data encipherment",
                                                              "decipher only",
                                                              "digital signature",
                                                              "email protection",
                                                              "encipher only",
                                                              "ipsec end system",
                                                              "ipsec tunnel",
                                                              "ipsec user",
                                                              "key agreement",
                                                              "key encipherment",
                                                              "microsoft sgc",
                                                              "netscape sgc",
                                                              "ocsp signing",
                                                              "s/mime",
                                                              "server auth",
                                                              "signing",
                                                              "timestamping"};
  return *all;
}

// The request as PEM; nothing when it is not base64.
std::optional<std::string> RequestOf(const Json& spec) {
  return Base64Decode(GetString(spec, "request"));
}

// `example.com/name`, as Kubernetes wants it.
void ValidateSigner(const std::string& signer, FieldErrors* errors) {
  const std::string at = "spec.signerName";
  if (signer.empty()) {
    errors->push_back(Required(at, ""));
    return;
  }
  if (signer == "kubernetes.io/legacy-unknown") {
    errors->push_back(
        Invalid(at, signer, "the legacy signerName is not allowed via this API version"));
    return;
  }
  const size_t slash = signer.find('/');
  if (slash == std::string::npos || signer.find('/', slash + 1) != std::string::npos) {
    errors->push_back(
        Invalid(at, signer,
                "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
    return;
  }
  const std::string domain = signer.substr(0, slash);
  if (const std::string why = ValidateDnsSubdomain(domain); !why.empty()) {
    errors->push_back(Invalid(at, signer, "validating label \"" + domain + "\": " + why));
  } else if (domain.find('.') == std::string::npos) {
    errors->push_back(
        Invalid(at, domain, "should be a domain with at least two segments separated by dots"));
  }
  if (const std::string why = ValidateDnsSubdomain(signer.substr(slash + 1)); !why.empty()) {
    errors->push_back(Invalid(at, signer, "validating the path: " + why));
  }
  if (signer.size() > kLongestSigner) errors->push_back(TooLong(at, kLongestSigner));
}

void ValidateSpec(const Json& spec, FieldErrors* errors) {
  const std::optional<std::string> pem = RequestOf(spec);
  Status request = pem ? OkStatus() : Error(Code::kInvalid, "must be base64");
  if (pem) {
    const Result<SigningRequest> parsed = ParseSigningRequest(*pem);
    request = parsed.ok() ? CheckSelfSignature(*pem) : Status(parsed.error());
  }
  if (!request.ok()) {
    errors->push_back(Invalid("spec.request", "<certificate request>", request.error().message));
  }
  const std::vector<std::string> usages = GetStrings(spec, "usages");
  if (usages.empty()) errors->push_back(Required("spec.usages", "usages must be provided"));
  std::set<std::string> seen;
  for (size_t i = 0; i < usages.size(); ++i) {
    const std::string at = fmt::format("spec.usages[{}]", i);
    if (std::find(Usages().begin(), Usages().end(), usages[i]) == Usages().end()) {
      errors->push_back(NotSupported(at, usages[i], Usages()));
    } else if (!seen.insert(usages[i]).second) {
      errors->push_back(Duplicate(at, usages[i]));
    }
  }
  ValidateSigner(GetString(spec, "signerName"), errors);
  const int64_t seconds = GetInt(spec, "expirationSeconds", kLeastSeconds);
  if (seconds < kLeastSeconds) {
    errors->push_back(Invalid("spec.expirationSeconds", seconds,
                              "may not specify a duration less than 600 seconds (10 minutes)"));
  }
}

bool IsDecision(const std::string& type) {
  return type == kConditionApproved || type == kConditionDenied;
}

void ValidateStatus(const Json& status, FieldErrors* errors) {
  const Json& conditions = GetArray(status, "conditions");
  for (size_t i = 0; i < conditions.size(); ++i) {
    const std::string at = fmt::format("status.conditions[{}]", i);
    const std::string type = GetString(conditions[i], "type");
    const std::string value = GetString(conditions[i], "status");
    if (type.empty()) errors->push_back(Required(at + ".type", ""));
    if (value.empty()) {
      errors->push_back(Required(at + ".status", ""));
    } else if (IsDecision(type) || type == kConditionFailed) {
      if (value != "True") errors->push_back(NotSupported(at + ".status", value, {"True"}));
    } else if (value != "True" && value != "False" && value != "Unknown") {
      errors->push_back(NotSupported(at + ".status", value, {"True", "False", "Unknown"}));
    }
    const char* const other = type == kConditionApproved ? kConditionDenied
                              : type == kConditionDenied ? kConditionApproved
                                                         : "";
    if (*other != '\0' && FindCondition(status, other) != nullptr) {
      errors->push_back(
          Invalid(at + ".type", type, "Approved and Denied conditions are mutually exclusive"));
    }
  }
  const std::string certificate = GetString(status, "certificate");
  if (certificate.empty()) return;
  const std::optional<std::string> pem = Base64Decode(certificate);
  if (!pem || !EarliestEnd(*pem).ok()) {
    errors->push_back(Invalid("status.certificate", "<certificate data>",
                              "must contain one or more PEM-encoded certificates"));
  }
}

// What may never be undone, and what only `approval` may do.
void ValidateChange(const Json& before, const Json& after, bool approval, FieldErrors* errors) {
  for (const char* type : {kConditionApproved, kConditionDenied, kConditionFailed}) {
    const bool had = FindCondition(before, type) != nullptr;
    const bool has = FindCondition(after, type) != nullptr;
    if (had && !has) {
      errors->push_back(
          Forbidden("status.conditions",
                    fmt::format("updates may not remove a condition of type \"{}\"", type)));
    } else if (!had && has && IsDecision(type) && !approval) {
      errors->push_back(
          Forbidden("status.conditions",
                    fmt::format("updates may not add a condition of type \"{}\"", type)));
    }
  }
  const std::string issued = GetString(before, "certificate");
  if (!issued.empty() && GetString(after, "certificate") != issued) {
    errors->push_back(
        Forbidden("status.certificate", "updates may not modify existing certificate content"));
  }
}

// Who may ask for certificates of clients is limited by what they would say.
Status CheckSubject(const Object& object) {
  if (GetString(object.spec(), "signerName") != kClientSigner) return OkStatus();
  const Result<SigningRequest> request = ParseSigningRequest(RequestOf(object.spec()).value_or(""));
  if (!request.ok()) return request.error();
  for (const auto& [names, what] :
       {std::pair{&request->organizations, "group"}, {&request->common_names, "user"}}) {
    for (const std::string& name : *names) {
      if (!IsReservedName(name)) continue;
      return Error(
          Code::kForbidden,
          fmt::format("certificatesigningrequests.{} \"{}\" is forbidden: use of {} signer "
                      "with {} {} is not allowed",
                      kCertificatesGroup, object.name(), kClientSigner, name, what));
    }
  }
  return OkStatus();
}

// Whether the user has `verb` for the signer, or for all of its domain.
Status CheckSigner(const StrategyContext& ctx, const Object& object, const char* verb) {
  const std::string signer = GetString(object.spec(), "signerName");
  RequestInfo info;
  info.is_resource = true;
  info.verb = verb;
  info.group = kCertificatesGroup;
  info.version = "*";
  info.resource = "signers";
  const std::string path;
  for (const std::string& name : {signer, signer.substr(0, signer.find('/')) + "/*"}) {
    info.name = name;
    if (ctx.policy.Allowed({ctx.user, info, path})) return OkStatus();
  }
  return Error(Code::kForbidden,
               fmt::format("certificatesigningrequests.{} \"{}\" is forbidden: user not permitted "
                           "to {} requests with signerName \"{}\"",
                           kCertificatesGroup, object.name(), verb, signer));
}

// CertificateSigningRequest. Who asks is what the server knows of it; the spec never changes; the
// decision is written through `approval` by whom the signer's approvers are, the rest of the status
// by who signs for it.
class CertificateRequestKind : public Strategy {
 public:
  void Prepare(const StrategyContext& ctx, const Object* old, std::string_view subresource,
               Object* object) const override {
    if (old == nullptr) {
      PrepareCreate(ctx.user, object);
      return;
    }
    object->json()["spec"] = old->spec();
    if (subresource.empty()) return;
    if (!object->json().contains("status")) object->mutable_status() = Json::object();
    Json& status = object->mutable_status();
    if (subresource == "approval") {
      Json decided = old->status();
      decided["conditions"] = GetArray(status, "conditions");
      status = std::move(decided);
    } else {
      KeepDecision(old->status(), &status);
    }
    Date(old->status(), ctx.now, &status);
  }

  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    FieldErrors errors;
    if (old == nullptr) ValidateSpec(object.spec(), &errors);
    ValidateStatus(object.status(), &errors);
    const bool approval = ctx.subresource == "approval";
    if (old != nullptr) ValidateChange(old->status(), object.status(), approval, &errors);
    if (!errors.empty()) {
      return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
    }
    if (old == nullptr) return CheckSubject(object);
    if (approval) return CheckSigner(ctx, object, "approve");
    const bool changed = ctx.subresource == "status" && old->status() != object.status();
    return changed ? CheckSigner(ctx, object, "sign") : OkStatus();
  }

 private:
  static void PrepareCreate(const User& user, Object* object) {
    if (!object->json().contains("spec") || !object->json()["spec"].is_object()) return;
    Json& spec = object->mutable_spec();
    for (const char* field : {"uid", "groups", "extra"}) spec.erase(field);
    spec["username"] = user.name;
    if (!user.uid.empty()) spec["uid"] = user.uid;
    if (!user.groups.empty()) spec["groups"] = user.groups;
    if (!user.extra.empty()) spec["extra"] = user.extra;
  }

  // Who signs cannot change who approved, and why.
  static void KeepDecision(const Json& before, Json* status) {
    const auto conditions = status->find("conditions");
    if (conditions == status->end() || !conditions->is_array()) return;
    for (Json& condition : *conditions) {
      if (!condition.is_object()) continue;
      const std::string type = GetString(condition, "type");
      const Json* const old = IsDecision(type) ? FindCondition(before, type) : nullptr;
      if (old != nullptr) condition = *old;
    }
  }

  // Fills in the times that the writer left out.
  static void Date(const Json& before, WallTime now, Json* status) {
    const auto conditions = status->find("conditions");
    if (conditions == status->end() || !conditions->is_array()) return;
    for (Json& condition : *conditions) {
      if (!condition.is_object()) continue;
      if (GetString(condition, "lastUpdateTime").empty()) {
        condition["lastUpdateTime"] = FormatTime(now);
      }
      if (!GetString(condition, "lastTransitionTime").empty()) continue;
      const Json* const old = FindCondition(before, GetString(condition, "type"));
      const bool same =
          old != nullptr && GetString(*old, "status") == GetString(condition, "status");
      const std::string since = same ? GetString(*old, "lastTransitionTime") : "";
      condition["lastTransitionTime"] = since.empty() ? FormatTime(now) : since;
    }
  }
};

}  // namespace

const Strategy* CertificateRequestStrategy() {
  static const Strategy* const strategy = new CertificateRequestKind;
  return strategy;
}

}  // namespace gantry::apiserver
