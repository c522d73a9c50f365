#include "apiserver/endpoints/options.h"

#include <algorithm>
#include <charconv>

#include "apis/machinery/meta/field_error.h"
#include "apiserver/endpoints/request_body.h"
#include "apiserver/registry/codec.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kMaxManagerLength = 128;

Result<int64_t> ParseNumber(const std::string& name, const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return Error(
        Code::kBadRequest,
        fmt::format("{}: Invalid value: \"{}\": must be a whole number, 0 or more", name, text));
  }
  return value;
}

// As Kubernetes reads a flag: everything but these words is true, also nothing.
bool ParseFlag(const Query& query, std::string_view name) {
  std::string value = query.Get(name);
  for (char& c : value) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return query.Has(name) && value != "false" && value != "0";
}

// The rules of apimachinery's ListOptions validation.
void ValidateWatch(const ListRequest& list, FieldErrors* errors) {
  const char* const field = "resourceVersionMatch";
  if (list.initial_events && list.match != "NotOlderThan") {
    errors->push_back(Forbidden(
        field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (list.match.empty()) return;
  if (!list.initial_events) {
    errors->push_back(Forbidden(field,
                                "resourceVersionMatch is forbidden for watch unless "
                                "sendInitialEvents is provided"));
  }
  if (list.match != "NotOlderThan") {
    errors->push_back(NotSupported(field, list.match, {"NotOlderThan"}));
  }
  if (!list.continue_token.empty()) {
    errors->push_back(
        Forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
  }
}

void ValidateList(const ListRequest& list, FieldErrors* errors) {
  const char* const field = "resourceVersionMatch";
  if (list.initial_events) {
    errors->push_back(Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (list.match.empty()) return;
  if (!list.revision) {
    errors->push_back(
        Forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
  }
  if (!list.continue_token.empty()) {
    errors->push_back(
        Forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
  }
  if (list.match != "Exact" && list.match != "NotOlderThan") {
    errors->push_back(NotSupported(field, list.match, {"Exact", "NotOlderThan", ""}));
  }
  if (list.match == "Exact" && list.revision == 0) {
    errors->push_back(
        Forbidden(field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
  }
}

Status ValidateCombination(const ListRequest& list) {
  FieldErrors errors;
  if (list.watch) {
    ValidateWatch(list, &errors);
  } else {
    ValidateList(list, &errors);
  }
  if (!errors.empty()) return InvalidObject({"meta.k8s.io", "ListOptions"}, "", errors);
  if (!list.watch && !list.continue_token.empty() && list.revision.value_or(0) != 0) {
    return Error(Code::kBadRequest,
                 "specifying resource version is not allowed when using continue");
  }
  return OkStatus();
}

Status CheckFieldSelector(const Target& target, const FieldSelector& selector) {
  for (const FieldSelector::Term& term : selector.terms()) {
    if (term.field == "metadata.name" || term.field == "metadata.namespace") continue;
    const auto& fields = target.version->selectable_fields;
    const bool known = std::any_of(fields.begin(), fields.end(), [&](const auto& path) {
      return FieldLabel(path) == term.field;
    });
    if (!known) {
      return Error(Code::kBadRequest, fmt::format("field label not supported: {}", term.field));
    }
  }
  return OkStatus();
}

// What the query selects by fields; the path of a watch may name its object.
Result<FieldSelector> ParseFieldSelector(const Request& request) {
  const std::string text = request.query.Get("fieldSelector");
  GANTRY_TRY_SET(FieldSelector selector, FieldSelector::Parse(text));
  const std::string& name = request.info.name;
  if (request.info.verb != "watch" || name.empty()) return selector;
  if (const std::string* required = selector.RequiredName(); required != nullptr) {
    if (*required == name) return selector;
    return Error(Code::kBadRequest,
                 "fieldSelector metadata.name doesn't match the name on the URL");
  }
  if (name.find_first_of(",=!\\") != std::string::npos) {
    return Error(Code::kBadRequest, fmt::format("no object can have the name \"{}\"", name));
  }
  return FieldSelector::Parse("metadata.name=" + name + (text.empty() ? "" : "," + text));
}

// The kind that Kubernetes blames for bad options of a write.
Error BadOptions(const Request& request, FieldError error) {
  const std::string& verb = request.info.verb;
  const char* const kind = verb == "create"   ? "CreateOptions"
                           : verb == "update" ? "UpdateOptions"
                           : verb == "patch"  ? "PatchOptions"
                                              : "DeleteOptions";
  return InvalidObject({"meta.k8s.io", kind}, "", {std::move(error)});
}

Status ParseDryRun(const Request& request, const std::vector<std::string>& values, bool* dry_run) {
  for (const std::string& value : values) {
    if (value != "All") return BadOptions(request, NotSupported("dryRun", value, {"All"}));
    *dry_run = true;
  }
  return OkStatus();
}

Result<FieldValidation> ParseFieldValidation(const Request& request) {
  const std::string text = request.query.Get("fieldValidation");
  if (text.empty() || text == "Warn") return FieldValidation::kWarn;
  if (text == "Strict") return FieldValidation::kStrict;
  if (text == "Ignore") return FieldValidation::kIgnore;
  return BadOptions(request, NotSupported("fieldValidation", text, {"Ignore", "Warn", "Strict"}));
}

Status ParseDeleteBody(const Request& request, WriteScope* scope, DeleteOptions* options) {
  if (request.body.empty()) return OkStatus();
  GANTRY_TRY_SET(const DecodedBody body, DecodeBody(request));
  if (!body.value.is_object()) {
    return Error(Code::kBadRequest, "the body must be a DeleteOptions object");
  }
  const std::string kind = GetString(body.value, "kind", "DeleteOptions");
  if (kind != "DeleteOptions") {
    return Error(Code::kBadRequest,
                 fmt::format("the body must be a DeleteOptions object, got {}", kind));
  }
  options->propagation = GetString(body.value, "propagationPolicy", options->propagation);
  if (GetAny(body.value, "orphanDependents").is_boolean()) {
    if (body.value.contains("propagationPolicy")) {
      return BadOptions(request, Invalid("propagationPolicy", options->propagation,
                                         "orphanDependents and deletionPropagation cannot be both "
                                         "set"));
    }
    options->propagation = GetBool(body.value, "orphanDependents") ? "Orphan" : "Background";
  }
  const Json& preconditions = GetObject(body.value, "preconditions");
  options->uid = GetString(preconditions, "uid");
  options->resource_version = GetString(preconditions, "resourceVersion");
  return ParseDryRun(request, GetStrings(body.value, "dryRun"), &scope->dry_run);
}

}  // namespace

Result<store::Revision> ParseRevision(const std::string& text) {
  return ParseNumber("resourceVersion", text);
}

Result<ListRequest> ParseListRequest(const Request& request, const Target& target) {
  const Query& q = request.query;
  ListRequest list;
  list.watch = request.info.verb == "watch";
  if (!request.info.ns.empty()) list.filter.prefix = request.info.ns + "/";
  GANTRY_TRY_SET(list.filter.labels, LabelSelector::Parse(q.Get("labelSelector")));
  GANTRY_TRY_SET(list.filter.fields, ParseFieldSelector(request));
  GANTRY_TRY(CheckFieldSelector(target, list.filter.fields));
  if (const std::string* name = list.filter.fields.RequiredName();
      name != nullptr && (!request.info.ns.empty() || !target.def().namespaced)) {
    list.filter.prefix = request.info.ns + "/" + *name;
  }
  if (const std::string text = q.Get("limit"); !text.empty()) {
    GANTRY_TRY_SET(const int64_t limit, ParseNumber("limit", text));
    list.limit = static_cast<size_t>(limit);
  }
  if (const std::string text = q.Get("resourceVersion"); !text.empty()) {
    GANTRY_TRY_SET(list.revision, ParseRevision(text));
  }
  if (const std::string text = q.Get("timeoutSeconds"); !text.empty()) {
    GANTRY_TRY_SET(const int64_t seconds, ParseNumber("timeoutSeconds", text));
    list.timeout = std::chrono::seconds(std::min<int64_t>(seconds, 24 * 3600));
  }
  list.continue_token = q.Get("continue");
  list.match = q.Get("resourceVersionMatch");
  list.bookmarks = ParseFlag(q, "allowWatchBookmarks");
  if (q.Has("sendInitialEvents")) list.initial_events = ParseFlag(q, "sendInitialEvents");
  GANTRY_TRY(ValidateCombination(list));
  // A page of a revision that the client knows is a page of exactly that revision.
  const bool page = list.limit > 0 && list.continue_token.empty();
  if (!list.watch && page && list.match.empty() && list.revision.value_or(0) > 0) {
    list.match = "Exact";
  }
  return list;
}

Result<WriteScope> ParseWriteScope(Request& request, const Target& target) {
  const Query& q = request.query;
  WriteScope scope{target,
                   request.info.ns,
                   request.info.name,
                   request.info.subresource,
                   request.user,
                   request.ctx,
                   false,
                   FieldValidation::kWarn,
                   q.Get("fieldManager"),
                   {},
                   &request.warnings};
  GANTRY_TRY(ParseDryRun(request, q.GetAll("dryRun"), &scope.dry_run));
  GANTRY_TRY_SET(scope.validation, ParseFieldValidation(request));
  if (scope.manager.empty()) {
    const std::string_view agent = request.headers.Get("User-Agent");
    scope.manager = std::string(agent.substr(0, agent.find('/')));
    if (scope.manager.empty()) scope.manager = "unknown";
    scope.manager.resize(std::min(scope.manager.size(), kMaxManagerLength));
  }
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
  if (std::any_of(scope.manager.begin(), scope.manager.end(), is_control)) {
    return BadOptions(request, Invalid("fieldManager", scope.manager,
                                       "should only contain printable characters"));
  }
  if (scope.manager.size() > kMaxManagerLength) {
    return BadOptions(request, TooLong("fieldManager", kMaxManagerLength));
  }
  return scope;
}

Result<DeleteOptions> ParseDeleteOptions(const Request& request, WriteScope* scope) {
  DeleteOptions options;
  options.propagation = request.query.Get("propagationPolicy");
  if (const std::string orphan = request.query.Get("orphanDependents"); !orphan.empty()) {
    options.propagation = orphan == "true" ? "Orphan" : "Background";
  }
  GANTRY_TRY(ParseDeleteBody(request, scope, &options));
  const std::string& p = options.propagation;
  if (!p.empty() && p != "Orphan" && p != "Background" && p != "Foreground") {
    return BadOptions(request,
                      NotSupported("propagationPolicy", p, {"Foreground", "Background", "Orphan"}));
  }
  return options;
}

}  // namespace gantry::apiserver
