#include "apiserver/rbac/escalation.h"

#include <fmt/format.h>

#include <set>

#include "apis/machinery/meta/status.h"

namespace gantry::apiserver::rbac {
namespace {

Status Refused(const Written& written, const std::string& why) {
  ErrorDetails details;
  details.group = kGroup;
  details.kind = written.resource;
  details.name = written.name;
  return Error(
      Code::kForbidden,
      fmt::format("{}.{} \"{}\" is forbidden: {}", written.resource, kGroup, written.name, why),
      std::move(details));
}

bool May(const Policy& policy, const User& user, const std::string& verb,
         const std::string& resource, const std::string& ns, const std::string& name) {
  RequestInfo info;
  info.is_resource = true;
  info.verb = verb;
  info.group = kGroup;
  info.resource = resource;
  info.ns = ns;
  info.name = name;
  const std::string path;
  return policy.Allowed({user, info, path});
}

// What of `rules` the user lacks, in words; empty when nothing.
std::string Lacking(const Policy& policy, const User& user, const std::string& ns,
                    const Rules& rules) {
  std::vector<std::string> unresolved;
  const Rules missing = Uncovered(policy.RulesOf(user, ns, &unresolved), rules);
  if (missing.empty()) return "";
  std::set<std::string> texts;
  for (const Rule& rule : Compact(missing)) texts.insert(Describe(rule));
  std::string groups;
  for (const std::string& group : user.groups) {
    groups += (groups.empty() ? "" : " ") + fmt::format("\"{}\"", group);
  }
  std::string why = fmt::format(
      "user \"{}\" (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
      user.name, groups, fmt::join(texts, "\n"));
  if (!unresolved.empty()) {
    why += fmt::format("; resolution errors: [{}]", fmt::join(unresolved, ", "));
  }
  return why;
}

}  // namespace

Status CheckRole(const Policy& policy, const User& user, const Written& written, const Rules& rules,
                 bool aggregates) {
  // The name of an object that is made is not known when its maker is judged.
  if (May(policy, user, "escalate", written.resource, written.ns,
          written.exists ? written.name : "")) {
    return OkStatus();
  }
  const std::string why = Lacking(policy, user, written.ns, rules);
  if (!why.empty()) return Refused(written, why);
  if (aggregates && !Lacking(policy, user, "", EverythingRules()).empty()) {
    return Refused(written, "must have cluster-admin privileges to use the aggregationRule");
  }
  return OkStatus();
}

Status CheckBinding(const Policy& policy, const User& user, const Written& written,
                    const RoleKey& role) {
  const char* const resource = role.ns.empty() ? "clusterroles" : "roles";
  if (May(policy, user, "bind", resource, written.ns, role.name)) return OkStatus();
  const std::optional<Rules> rules = policy.RulesOf(role);
  if (!rules) return NotFoundError(kGroup, resource, role.name);
  const std::string why = Lacking(policy, user, written.ns, *rules);
  return why.empty() ? OkStatus() : Refused(written, why);
}

}  // namespace gantry::apiserver::rbac
