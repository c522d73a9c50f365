#include "apis/machinery/meta/field_error.h"
#include "apiserver/rbac/rules.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

User UserIn(const Json& spec) {
  User user{GetString(spec, "user"), GetString(spec, "uid"), GetStrings(spec, "groups"), {}};
  const Json& extra = GetObject(spec, "extra");
  for (const auto& [key, value] : extra.items()) user.extra[key] = GetStrings(extra, key.c_str());
  return user;
}

// What the question asks for, as a request would.
RequestInfo InfoIn(const Json& spec, std::string* path) {
  RequestInfo info;
  const Json& resource = GetAny(spec, "resourceAttributes");
  if (!resource.is_object()) {
    const Json& other = GetObject(spec, "nonResourceAttributes");
    info.verb = GetString(other, "verb");
    *path = GetString(other, "path");
    return info;
  }
  info.is_resource = true;
  info.verb = GetString(resource, "verb");
  info.group = GetString(resource, "group");
  info.version = GetString(resource, "version");
  info.ns = GetString(resource, "namespace");
  info.resource = GetString(resource, "resource");
  info.subresource = GetString(resource, "subresource");
  info.name = GetString(resource, "name");
  return info;
}

// SelfSubjectAccessReview, SubjectAccessReview and LocalSubjectAccessReview: may somebody do this?
Status AnswerAccess(const StrategyContext& ctx, bool self, Object* object) {
  const Json& spec = object->spec();
  const bool of_resource = GetAny(spec, "resourceAttributes").is_object();
  const bool of_path = GetAny(spec, "nonResourceAttributes").is_object();
  FieldErrors errors;
  if (of_resource && of_path) {
    errors.push_back(Invalid("spec.nonResourceAttributes", spec["nonResourceAttributes"],
                             "cannot be specified in combination with resourceAttributes"));
  }
  if (!of_resource && !of_path) {
    errors.push_back(Invalid("spec.resourceAttributes", Json(),
                             "exactly one of nonResourceAttributes or resourceAttributes must be "
                             "specified"));
  }
  const User user = self ? ctx.user : UserIn(spec);
  if (!self && user.name.empty() && user.groups.empty()) {
    errors.push_back(
        Invalid("spec.user", user.name, "at least one of user or group must be specified"));
  }
  std::string path;
  const RequestInfo info = InfoIn(spec, &path);
  if (ctx.target.def().namespaced) {
    if (of_path) {
      errors.push_back(Invalid("spec.nonResourceAttributes", spec["nonResourceAttributes"],
                               "disallowed on this kind of request"));
    } else if (of_resource && info.ns != object->ns()) {
      errors.push_back(
          Invalid("spec.resourceAttributes.namespace", info.ns, "must match metadata.namespace"));
    }
  }
  if (!errors.empty()) {
    return InvalidObject(ctx.target.def().group_kind(), object->name(), errors);
  }
  std::string reason;
  Json status = {{"allowed", ctx.policy.Decide({user, info, path}, &reason)}};
  if (!reason.empty()) status["reason"] = reason;
  object->mutable_status() = std::move(status);
  return OkStatus();
}

Status AnswerRules(const StrategyContext& ctx, Object* object) {
  const std::string ns = GetString(object->spec(), "namespace");
  if (ns.empty()) return Error(Code::kBadRequest, "no namespace on request");
  std::vector<std::string> missing;
  Json of_resources = Json::array();
  Json of_paths = Json::array();
  for (const rbac::Rule& rule : ctx.policy.RulesOf(ctx.user, ns, &missing)) {
    (rule.non_resource_urls.empty() ? of_resources : of_paths).push_back(rbac::RuleToJson(rule));
  }
  Json status = {{"incomplete", false},
                 {"resourceRules", std::move(of_resources)},
                 {"nonResourceRules", std::move(of_paths)}};
  if (!missing.empty()) status["evaluationError"] = fmt::format("{}", fmt::join(missing, ", "));
  object->mutable_status() = std::move(status);
  return OkStatus();
}

Json UserInfo(const User& user) {
  Json info = {{"username", user.name}, {"groups", user.groups}};
  if (!user.uid.empty()) info["uid"] = user.uid;
  if (!user.extra.empty()) info["extra"] = user.extra;
  return info;
}

// TokenReview: whose is this token?
Status AnswerToken(const StrategyContext& ctx, Object* object) {
  const std::string token = GetString(object->spec(), "token");
  if (token.empty()) {
    return Error(Code::kBadRequest, "token is required for TokenReview in authentication");
  }
  auto found = ctx.tokens->Authenticate(token, GetStrings(object->spec(), "audiences"));
  Json status = {{"authenticated", found.ok() && *found}, {"user", Json::object()}};
  if (found.ok() && *found) {
    TokenUser& known = **found;
    known.user.groups.emplace_back("system:authenticated");
    status["user"] = UserInfo(known.user);
    if (!known.audiences.empty()) status["audiences"] = known.audiences;
  } else {
    status["error"] = found.ok() ? "unknown bearer token" : found.error().message;
  }
  object->mutable_status() = std::move(status);
  return OkStatus();
}

// Reviews are questions: created, answered, never stored.
class Review : public Strategy {
 public:
  Status Answer(const StrategyContext& ctx, Object* object) const override {
    const std::string& kind = ctx.target.def().kind;
    if (kind == "SelfSubjectRulesReview") return AnswerRules(ctx, object);
    if (kind == "TokenReview") return AnswerToken(ctx, object);
    if (kind != "SelfSubjectReview") {
      return AnswerAccess(ctx, kind == "SelfSubjectAccessReview", object);
    }
    object->mutable_status() = {{"userInfo", UserInfo(ctx.user)}};
    return OkStatus();
  }
};

}  // namespace

const Strategy* ReviewStrategy() {
  static const Strategy* const strategy = new Review;
  return strategy;
}

}  // namespace gantry::apiserver
