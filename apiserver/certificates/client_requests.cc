#include "apiserver/certificates/client_requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/certificate_request.h"
#include "apis/machinery/meta/condition.h"
#include "apiserver/auth/signing_request.h"

namespace gantry::apiserver {
namespace {

using std::chrono::hours;

constexpr Duration kLongest = hours(24 * 365);
constexpr Duration kClockSkew = std::chrono::minutes(5);
constexpr Duration kKeepDecided = hours(1);
constexpr Duration kKeepPending = hours(24);

// Client auth must be among the usages, and little else.
Result<bool> NeedsEncipherment(const std::vector<std::string>& usages) {
  bool client = false, encipherment = false;
  for (const std::string& usage : usages) {
    if (usage == "client auth") {
      client = true;
    } else if (usage == "key encipherment") {
      encipherment = true;
    } else if (usage != "digital signature") {
      return Error(Code::kInvalid, fmt::format("invalid usage for client certificate: {}", usage));
    }
  }
  if (client) return encipherment;
  return Error(Code::kInvalid, "missing required usage for client certificate: client auth");
}

// The age of a time in a document; nothing when it has none.
std::optional<Duration> AgeOf(const std::string& text, WallTime now) {
  const Result<WallTime> time = ParseTime(text);
  if (!time.ok()) return std::nullopt;
  return Between(*time, now);
}

bool DecidedLongAgo(const Json& status, const char* type, WallTime now) {
  const Json* const condition = FindCondition(status, type);
  if (condition == nullptr) return false;
  return AgeOf(GetString(*condition, "lastUpdateTime"), now).value_or(Duration(0)) > kKeepDecided;
}

}  // namespace

bool AwaitsSigning(const Object& request) {
  const Json& status = request.status();
  return GetString(request.spec(), "signerName") == kClientSigner && !request.deleting() &&
         FindCondition(status, kConditionApproved) != nullptr &&
         FindCondition(status, kConditionDenied) == nullptr &&
         FindCondition(status, kConditionFailed) == nullptr &&
         GetString(status, "certificate").empty();
}

Result<std::string> SignRequest(const KeyPair& authority, const Object& request, WallTime now) {
  const Json& spec = request.spec();
  const std::string pem = Base64Decode(GetString(spec, "request")).value_or("");
  GANTRY_TRY_SET(const SigningRequest parsed, ParseSigningRequest(pem));
  GANTRY_TRY(CheckSelfSignature(pem));
  GANTRY_TRY(CheckClientRequest(parsed));
  ClientCertificateTerms terms;
  GANTRY_TRY_SET(terms.key_encipherment, NeedsEncipherment(GetStrings(spec, "usages")));
  Duration life = kLongest;
  if (const int64_t seconds = GetInt(spec, "expirationSeconds"); seconds > 0) {
    life = std::min<Duration>(life, std::chrono::seconds(seconds));
  }
  GANTRY_TRY_SET(const CertificateInfo ca, ReadCertificateInfo(authority.certificate));
  terms.not_before = now - kClockSkew;
  terms.not_after =
      std::min(now + std::chrono::duration_cast<WallTime::duration>(life), ca.not_after);
  return SignClientCertificate(authority, pem, terms);
}

bool IsOver(const Object& request, WallTime now) {
  const Json& status = request.status();
  const std::string certificate = GetString(status, "certificate");
  if (!certificate.empty()) {
    if (DecidedLongAgo(status, kConditionApproved, now)) return true;
    const Result<WallTime> end = EarliestEnd(Base64Decode(certificate).value_or(""));
    if (end.ok() && *end <= now) return true;
  }
  if (DecidedLongAgo(status, kConditionDenied, now) ||
      DecidedLongAgo(status, kConditionFailed, now)) {
    return true;
  }
  if (!GetArray(status, "conditions").empty()) return false;
  const std::string made(request.creation_timestamp());
  return AgeOf(made, now).value_or(Duration(0)) > kKeepPending;
}

}  // namespace gantry::apiserver
