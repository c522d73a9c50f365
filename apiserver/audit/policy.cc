#include "apiserver/audit/policy.h"

#include <algorithm>

namespace gantry::apiserver {
namespace {

constexpr std::string_view kLevels[] = {"None", "Metadata", "Request", "RequestResponse"};
constexpr std::string_view kStages[] = {"RequestReceived", "ResponseStarted", "ResponseComplete"};

bool Contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool MatchesResource(std::string_view pattern, const RequestInfo& info) {
  if (pattern == "*") return true;
  const size_t slash = pattern.find('/');
  if (slash == std::string_view::npos) return info.subresource.empty() && pattern == info.resource;
  const std::string_view resource = pattern.substr(0, slash);
  const std::string_view subresource = pattern.substr(slash + 1);
  if (resource != "*" && resource != info.resource) return false;
  return subresource == info.subresource || (subresource == "*" && !info.subresource.empty());
}

bool MatchesPath(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with('*')) return pattern == path;
  return path.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool Matches(const AuditRule::Resources& wanted, const RequestInfo& info) {
  if (wanted.group != info.group) return false;
  if (!wanted.names.empty() && !Contains(wanted.names, info.name)) return false;
  return wanted.resources.empty() ||
         std::any_of(wanted.resources.begin(), wanted.resources.end(),
                     [&](const std::string& p) { return MatchesResource(p, info); });
}

bool MatchesTarget(const AuditRule& rule, const Request& request) {
  const RequestInfo& info = request.info;
  if (rule.paths.empty() && rule.resources.empty() && rule.namespaces.empty()) return true;
  if (!info.is_resource) {
    return std::any_of(rule.paths.begin(), rule.paths.end(),
                       [&](const std::string& p) { return MatchesPath(p, request.path); });
  }
  if (!rule.paths.empty()) return false;
  if (!rule.namespaces.empty() && !Contains(rule.namespaces, info.ns)) return false;
  return rule.resources.empty() ||
         std::any_of(rule.resources.begin(), rule.resources.end(),
                     [&](const AuditRule::Resources& r) { return Matches(r, info); });
}

bool Matches(const AuditRule& rule, const Request& request) {
  const User& user = request.user;
  if (!rule.users.empty() && !Contains(rule.users, user.name)) return false;
  if (!rule.groups.empty() && std::none_of(user.groups.begin(), user.groups.end(),
                                           [&](const auto& g) { return Contains(rule.groups, g); }))
    return false;
  if (!rule.verbs.empty() && !Contains(rule.verbs, request.info.verb)) return false;
  return MatchesTarget(rule, request);
}

bool CarriesSecrets(const RequestInfo& info) {
  return (info.resource == "secrets" && info.group.empty()) || info.subresource == "token" ||
         info.resource == "tokenreviews";
}

}  // namespace

std::string_view AuditLevelName(AuditLevel level) { return kLevels[static_cast<size_t>(level)]; }
std::string_view AuditStageName(AuditStage stage) { return kStages[static_cast<size_t>(stage)]; }

AuditDecision AuditPolicy::Decide(const Request& request) const {
  const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                 [&](const AuditRule& r) { return Matches(r, request); });
  if (rule == rules_.end()) return {};
  AuditDecision decision{rule->level, rule->omitted, rule->omit_managed_fields};
  if (decision.level > AuditLevel::kMetadata && CarriesSecrets(request.info)) {
    decision.level = AuditLevel::kMetadata;
  }
  return decision;
}

}  // namespace gantry::apiserver
