#include "apis/machinery/meta/status.h"

#include <fmt/format.h>

#include "apis/machinery/meta/object.h"

namespace gantry {
namespace {

struct Row {
  Code code;
  int http;
  std::string_view reason;
};

constexpr Row kTable[] = {
    {Code::kBadRequest, 400, "BadRequest"},
    {Code::kUnauthorized, 401, "Unauthorized"},
    {Code::kForbidden, 403, "Forbidden"},
    {Code::kNotFound, 404, "NotFound"},
    {Code::kMethodNotAllowed, 405, "MethodNotAllowed"},
    {Code::kNotAcceptable, 406, "NotAcceptable"},
    {Code::kAlreadyExists, 409, "AlreadyExists"},
    {Code::kConflict, 409, "Conflict"},
    {Code::kExpired, 410, "Expired"},
    {Code::kTooLarge, 413, "RequestEntityTooLarge"},
    {Code::kUnsupportedMediaType, 415, "UnsupportedMediaType"},
    {Code::kInvalid, 422, "Invalid"},
    {Code::kTooManyRequests, 429, "TooManyRequests"},
    {Code::kCancelled, 499, "Timeout"},
    {Code::kInternal, 500, "InternalError"},
    {Code::kUnavailable, 503, "ServiceUnavailable"},
    {Code::kTimeout, 504, "Timeout"},
    {Code::kDataLoss, 500, "InternalError"},
};

const Row& Find(Code code) {
  for (const Row& r : kTable) {
    if (r.code == code) return r;
  }
  return kTable[0];
}

Code CodeFor(int http, std::string_view reason) {
  if (reason == "Gone") return Code::kExpired;
  for (const Row& r : kTable) {
    if (r.reason == reason && r.http == http) return r.code;
  }
  if (http == 409) return Code::kConflict;
  for (const Row& r : kTable) {
    if (r.http == http) return r.code;
  }
  return http >= 500 ? Code::kInternal : Code::kBadRequest;
}

Error Named(Code code, std::string_view group, std::string_view resource, std::string_view name,
            std::string message) {
  ErrorDetails details;
  details.group = std::string(group);
  details.kind = std::string(resource);
  details.name = std::string(name);
  return Error(code, std::move(message), std::move(details));
}

std::string Qualified(std::string_view group, std::string_view resource) {
  return GroupResource{std::string(group), std::string(resource)}.ToString();
}

}  // namespace

int HttpStatus(Code code) { return Find(code).http; }
std::string_view StatusReason(Code code) { return Find(code).reason; }

Json StatusJson(const Error& error) {
  Json status = {{"kind", "Status"},
                 {"apiVersion", "v1"},
                 {"metadata", Json::object()},
                 {"status", "Failure"},
                 {"message", error.message},
                 {"reason", StatusReason(error.code)},
                 {"code", HttpStatus(error.code)}};
  if (!error.details) return status;
  const ErrorDetails& d = *error.details;
  Json details = Json::object();
  if (!d.name.empty()) details["name"] = d.name;
  if (!d.group.empty()) details["group"] = d.group;
  if (!d.kind.empty()) details["kind"] = d.kind;
  if (!d.uid.empty()) details["uid"] = d.uid;
  for (const ErrorCause& c : d.causes) {
    Json cause = {{"reason", c.reason}, {"message", c.message}};
    if (!c.field.empty()) cause["field"] = c.field;
    details["causes"].push_back(std::move(cause));
  }
  if (d.retry_after_seconds > 0) details["retryAfterSeconds"] = d.retry_after_seconds;
  if (!details.empty()) status["details"] = std::move(details);
  if (!d.continue_token.empty()) status["metadata"]["continue"] = d.continue_token;
  return status;
}

Json SuccessJson(Json details) {
  Json status = {{"kind", "Status"},
                 {"apiVersion", "v1"},
                 {"metadata", Json::object()},
                 {"status", "Success"}};
  if (!details.is_null()) status["details"] = std::move(details);
  return status;
}

Error ErrorFromStatus(int http_status, std::string_view body) {
  const Result<Json> parsed = ParseJson(body);
  if (!parsed.ok() || GetString(*parsed, "kind") != "Status") {
    std::string text(body.substr(0, 512));
    if (text.empty()) text = fmt::format("HTTP status {}", http_status);
    return Error(CodeFor(http_status, ""), std::move(text));
  }
  const int code = static_cast<int>(GetInt(*parsed, "code", http_status));
  const Json& d = GetObject(*parsed, "details");
  ErrorDetails details;
  details.group = GetString(d, "group");
  details.kind = GetString(d, "kind");
  details.name = GetString(d, "name");
  details.uid = GetString(d, "uid");
  details.retry_after_seconds = static_cast<int>(GetInt(d, "retryAfterSeconds"));
  details.continue_token = GetString(GetObject(*parsed, "metadata"), "continue");
  for (const Json& c : GetArray(d, "causes")) {
    details.causes.push_back(
        {GetString(c, "reason"), GetString(c, "message"), GetString(c, "field")});
  }
  return Error(CodeFor(code, GetString(*parsed, "reason")), GetString(*parsed, "message"),
               std::move(details));
}

Error NotFoundError(std::string_view group, std::string_view resource, std::string_view name) {
  return Named(Code::kNotFound, group, resource, name,
               fmt::format("{} \"{}\" not found", Qualified(group, resource), name));
}

Error AlreadyExistsError(std::string_view group, std::string_view resource, std::string_view name) {
  return Named(Code::kAlreadyExists, group, resource, name,
               fmt::format("{} \"{}\" already exists", Qualified(group, resource), name));
}

Error ConflictError(std::string_view group, std::string_view resource, std::string_view name,
                    std::string_view why) {
  return Named(Code::kConflict, group, resource, name,
               fmt::format("Operation cannot be fulfilled on {} \"{}\": {}",
                           Qualified(group, resource), name, why));
}

}  // namespace gantry
