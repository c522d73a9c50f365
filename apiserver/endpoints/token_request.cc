#include "apiserver/endpoints/token_request.h"

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/status.h"
#include "apiserver/endpoints/options.h"
#include "apiserver/endpoints/request_body.h"
#include "apiserver/endpoints/status_writer.h"
#include "apiserver/registry/prepare.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

constexpr int64_t kDefaultSeconds = 3600;
constexpr int64_t kMinSeconds = 600;
constexpr int64_t kMaxSeconds = int64_t{1} << 32;

const GroupVersionKind& TokenRequestKind() {
  static const auto* const kind =
      new GroupVersionKind{"authentication.k8s.io", "v1", "TokenRequest"};
  return *kind;
}

const schema::Schema& TokenRequestSchema() {
  static const auto* const schema = new std::shared_ptr<const schema::Schema>(
      *schema::Schema::Compile(*ParseJson(R"({"type":"object","properties":{
        "spec":{"type":"object","properties":{
          "audiences":{"type":"array","items":{"type":"string"}},
          "expirationSeconds":{"type":"integer","format":"int64"},
          "boundObjectRef":{"type":"object","properties":{
            "kind":{"type":"string"},"apiVersion":{"type":"string"},
            "name":{"type":"string"},"uid":{"type":"string"}}}}},
        "status":{"type":"object","properties":{
          "token":{"type":"string"},"expirationTimestamp":{"type":"string"}}}}})"),
                               "authentication.k8s.io/v1"));
  return **schema;
}

Status CheckBody(const WriteScope& scope, Json* body) {
  const GroupVersionKind& gvk = TokenRequestKind();
  const std::string api_version = gvk.group_version().ToString();
  if (!body->is_object() || GetString(*body, "kind", gvk.kind) != gvk.kind ||
      GetString(*body, "apiVersion", api_version) != api_version) {
    return Error(Code::kBadRequest, "the body must be a TokenRequest of authentication.k8s.io/v1");
  }
  GANTRY_TRY(DecodeAs(scope, gvk, TokenRequestSchema(), true, body));
  const Json& meta = GetObject(*body, "metadata");
  if (const std::string name = GetString(meta, "name"); !name.empty() && name != scope.name) {
    return Error(Code::kBadRequest, "the name in the url does not match the name in the body");
  }
  if (const std::string ns = GetString(meta, "namespace"); !ns.empty() && ns != scope.ns) {
    return Error(Code::kBadRequest,
                 "the namespace in the url does not match the namespace in the body");
  }
  return OkStatus();
}

Status CheckSeconds(const WriteScope& scope, int64_t seconds) {
  const char* const field = "spec.expirationSeconds";
  FieldErrors errors;
  if (seconds < kMinSeconds) {
    errors.push_back(Invalid(field, seconds, "may not specify a duration less than 10 minutes"));
  }
  if (seconds > kMaxSeconds) {
    errors.push_back(
        Invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"));
  }
  if (errors.empty()) return OkStatus();
  return InvalidObject({TokenRequestKind().group, TokenRequestKind().kind}, scope.name, errors);
}

// The object that the token shall live as long as.
Result<std::optional<TokenObject>> FindBound(const Endpoints& e, const std::string& ns,
                                             const Json& ref) {
  if (ref.empty()) return std::optional<TokenObject>();
  const std::string api_version = GetString(ref, "apiVersion", "v1");
  const std::string kind = GetString(ref, "kind");
  const std::string name = GetString(ref, "name");
  if (kind == "Pod" && api_version == "v1") return NotFoundError("", "pods", name);
  if (kind != "Secret" || api_version != "v1") {
    return Error(Code::kBadRequest,
                 fmt::format("cannot bind token for serviceaccount to object of type {}, Kind={}",
                             api_version, kind));
  }
  const EntryPtr entry = e.caches->Get({"", "secrets"})->Get(RelativeKey({ns, name}));
  if (!entry || entry->header().deleting) return NotFoundError("", "secrets", name);
  const std::string uid(entry->header().uid);
  const std::string wanted = GetString(ref, "uid");
  if (!wanted.empty() && wanted != uid) {
    return ConflictError("", "Secret", name,
                         fmt::format("the UID in the bound object reference ({}) does not match "
                                     "the UID in record. The object might have been deleted and "
                                     "then recreated",
                                     wanted));
  }
  return std::optional<TokenObject>({name, uid});
}

Result<Json> MakeToken(const Endpoints& e, const WriteScope& scope, Json body) {
  GANTRY_TRY(CheckBody(scope, &body));
  const EntryPtr account = scope.target.kind->cache->Get(RelativeKey({scope.ns, scope.name}));
  if (!account || account->header().deleting) {
    return NotFoundError("", scope.target.def().plural, scope.name);
  }
  const Json& asked = GetObject(body, "spec");
  const bool timed = GetAny(asked, "expirationSeconds").is_number();
  const int64_t seconds = timed ? GetInt(asked, "expirationSeconds") : kDefaultSeconds;
  GANTRY_TRY(CheckSeconds(scope, seconds));

  ServiceAccountClaims claims;
  claims.ns = scope.ns;
  claims.account = {scope.name, std::string(account->header().uid)};
  GANTRY_TRY_SET(claims.secret, FindBound(e, scope.ns, GetObject(asked, "boundObjectRef")));
  claims.audiences = GetStrings(asked, "audiences");
  if (claims.audiences.empty()) claims.audiences = e.service_accounts->audiences();
  claims.id = NewUuid(e.random);
  const WallTime now = e.registry->deps().clock->Now();
  const WallTime end = now + std::chrono::seconds(seconds);

  Json spec = {{"audiences", claims.audiences}, {"expirationSeconds", seconds}};
  spec["boundObjectRef"] = GetAny(asked, "boundObjectRef");
  std::string token;
  if (!scope.dry_run) {
    GANTRY_TRY_SET(token, e.service_accounts->Issue(claims, now, end));
  }
  return Json{
      {"kind", TokenRequestKind().kind},
      {"apiVersion", TokenRequestKind().group_version().ToString()},
      {"metadata",
       {{"name", scope.name}, {"namespace", scope.ns}, {"creationTimestamp", FormatTime(now)}}},
      {"spec", std::move(spec)},
      {"status", {{"token", std::move(token)}, {"expirationTimestamp", FormatTime(end)}}}};
}

}  // namespace

Response ServeTokenRequest(const Endpoints& e, Request& request, const Target& target) {
  if (e.service_accounts == nullptr) {
    return ErrorResponse(Error(Code::kNotFound, "this server issues no tokens"));
  }
  Result<WriteScope> scope = ParseWriteScope(request, target);
  if (!scope.ok()) return ErrorResponse(scope.error());
  Result<DecodedBody> body = DecodeBody(request);
  if (!body.ok()) return ErrorResponse(body.error());
  scope->complaints = body->Complaints();
  const Result<Json> made = MakeToken(e, *scope, std::move(body->value));
  return made.ok() ? JsonResponse(201, *made) : ErrorResponse(made.error());
}

Task<bool> AwaitReviewedToken(const Endpoints& e, const Json& review) {
  const std::string token = GetString(GetObject(review, "spec"), "token");
  if (e.tokens->Authenticate(token, GetStrings(GetObject(review, "spec"), "audiences")).ok()) {
    co_return true;
  }
  Callback<bool> learned([&e, &token](std::function<void(bool)> done) {
    if (!e.tokens->Learn(token, [done] { done(true); })) done(false);
  });
  co_return co_await learned;
}

}  // namespace gantry::apiserver
