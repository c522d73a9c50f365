#include "apiserver/audit/event.h"

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/object.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kLongestAgent = 1024;

// Without the port; as kube-apiserver names itself for what comes from within.
std::string SourceAddress(const Request& request) {
  if (request.in_process) return "::1";
  const std::string& remote = request.remote;
  const size_t colon = remote.rfind(':');
  std::string address = remote.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  return address;
}

Json UserJson(const User& user) {
  Json json = {{"username", user.name}, {"groups", user.groups}};
  if (!user.uid.empty()) json["uid"] = user.uid;
  if (!user.extra.empty()) json["extra"] = user.extra;
  return json;
}

Json ObjectReference(const Request& request) {
  const RequestInfo& info = request.info;
  Json ref = {{"resource", info.resource}, {"apiVersion", info.version}};
  const std::string& name = info.name.empty() ? request.created_name : info.name;
  if (!info.group.empty()) ref["apiGroup"] = info.group;
  if (!info.ns.empty()) ref["namespace"] = info.ns;
  if (!name.empty()) ref["name"] = name;
  if (!info.subresource.empty()) ref["subresource"] = info.subresource;
  return ref;
}

// Nothing when it is no JSON object.
Json ObjectOf(std::string_view body, bool omit_managed_fields) {
  Result<Json> object = ParseJson(body);
  if (!object.ok() || !(object->is_object() || object->is_array())) return nullptr;
  if (omit_managed_fields && object->is_object() && object->contains("metadata") &&
      (*object)["metadata"].is_object()) {
    (*object)["metadata"].erase("managedFields");
  }
  return *std::move(object);
}

void AddAnswer(const Response& response, const AuditDecision& decision, Json* event) {
  Json status = {{"metadata", Json::object()}, {"code", response.status}};
  const bool is_json = response.content_type.find("json") != std::string::npos;
  const std::string_view body = response.shared_body ? *response.shared_body : response.body;
  if (response.status >= 400 && is_json) {
    const Json answer = ObjectOf(body, false);
    for (const char* field : {"status", "reason", "message"}) {
      const std::string text = answer.is_object() ? GetString(answer, field) : "";
      if (!text.empty()) status[field] = text;
    }
  }
  (*event)["responseStatus"] = std::move(status);
  if (decision.level != AuditLevel::kRequestResponse || !is_json || response.stream) return;
  Json object = ObjectOf(body, decision.omit_managed_fields);
  if (!object.is_null()) (*event)["responseObject"] = std::move(object);
}

}  // namespace

Json AuditEvent(const Request& request, const AuditDecision& decision, const AuditMoment& moment,
                const std::string& uri) {
  Json event = {{"kind", "Event"},
                {"apiVersion", "audit.k8s.io/v1"},
                {"level", AuditLevelName(decision.level)},
                {"auditID", request.id},
                {"stage", AuditStageName(moment.stage)},
                {"requestURI", uri},
                {"verb", request.info.verb},
                {"user", UserJson(request.impersonator.value_or(request.user))},
                {"sourceIPs", {SourceAddress(request)}},
                {"requestReceivedTimestamp", FormatMicroTime(moment.received)}};
  SetStageTime(moment.now, &event);
  if (request.impersonator) event["impersonatedUser"] = UserJson(request.user);
  const std::string_view agent = request.headers.Get("User-Agent").substr(0, kLongestAgent);
  if (!agent.empty()) event["userAgent"] = agent;
  if (request.info.is_resource) event["objectRef"] = ObjectReference(request);
  if (decision.level >= AuditLevel::kRequest && !request.body.empty() &&
      request.headers.Get("Content-Type").find("json") != std::string_view::npos) {
    Json object = ObjectOf(request.body, decision.omit_managed_fields);
    if (!object.is_null()) event["requestObject"] = std::move(object);
  }
  if (moment.response != nullptr) AddAnswer(*moment.response, decision, &event);
  return event;
}

void SetStageTime(WallTime now, Json* event) { (*event)["stageTimestamp"] = FormatMicroTime(now); }

std::string AuditLine(const Json& event) { return DumpJson(event) + "\n"; }

}  // namespace gantry::apiserver
