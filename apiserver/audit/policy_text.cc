#include <algorithm>

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/object.h"
#include "apis/machinery/yaml/yaml.h"
#include "apiserver/audit/policy.h"

namespace gantry::apiserver {
namespace {

std::string Join(const std::string& at, std::string_view field) {
  return at.empty() ? std::string(field) : at + "." + std::string(field);
}

// Reads a policy document and notes every fault in it.
class PolicyReader {
 public:
  const FieldErrors& errors() const { return errors_; }

  std::vector<AuditRule> Read(const Json& policy) {
    CheckKeys(policy, "",
              {"apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"});
    CheckConstant(policy, "apiVersion", "audit.k8s.io/v1");
    CheckConstant(policy, "kind", "Policy");
    const AuditStages omitted = Stages(policy, "omitStages");
    const bool no_fields = Flag(policy, "", "omitManagedFields");
    std::vector<AuditRule> rules;
    const Json& list = GetAny(policy, "rules");
    if (!list.is_array()) {
      errors_.push_back(Required("rules", "a list of rules"));
      return rules;
    }
    for (size_t i = 0; i < list.size(); ++i) {
      rules.push_back(Rule(list[i], "rules[" + std::to_string(i) + "]"));
      rules.back().omitted |= omitted;
      if (!list[i].contains("omitManagedFields")) rules.back().omit_managed_fields = no_fields;
    }
    return rules;
  }

 private:
  AuditRule Rule(const Json& json, const std::string& at) {
    AuditRule rule;
    if (!IsMap(json, at)) return rule;
    CheckKeys(json, at,
              {"level", "users", "userGroups", "verbs", "resources", "namespaces",
               "nonResourceURLs", "omitStages", "omitManagedFields"});
    rule.level = Level(json, at + ".level");
    rule.users = Strings(json, at, "users");
    rule.groups = Strings(json, at, "userGroups");
    rule.verbs = Strings(json, at, "verbs");
    rule.namespaces = Strings(json, at, "namespaces");
    rule.paths = Strings(json, at, "nonResourceURLs");
    for (size_t i = 0; i < rule.paths.size(); ++i) CheckPath(rule.paths[i], at, i);
    rule.omitted = Stages(json, "omitStages", at);
    rule.omit_managed_fields = Flag(json, at, "omitManagedFields");
    const Json& resources = List(json, at, "resources");
    for (size_t i = 0; i < resources.size(); ++i) {
      rule.resources.push_back(
          Resources(resources[i], at + ".resources[" + std::to_string(i) + "]"));
    }
    if (!rule.paths.empty() && (!rule.resources.empty() || !rule.namespaces.empty())) {
      errors_.push_back(Forbidden(at + ".nonResourceURLs",
                                  "a rule is about paths or about resources, not about both"));
    }
    return rule;
  }

  AuditRule::Resources Resources(const Json& json, const std::string& at) {
    AuditRule::Resources out;
    if (!IsMap(json, at)) return out;
    CheckKeys(json, at, {"group", "resources", "resourceNames"});
    const Json& group = GetAny(json, "group");
    if (group.is_string()) {
      out.group = group.get<std::string>();
    } else if (!group.is_null()) {
      errors_.push_back(TypeInvalid(at + ".group", group, "must be a string"));
    }
    out.resources = Strings(json, at, "resources");
    out.names = Strings(json, at, "resourceNames");
    if (!out.names.empty() && out.resources.empty()) {
      errors_.push_back(Required(at + ".resources", "names are names of something"));
    }
    return out;
  }

  AuditLevel Level(const Json& json, const std::string& at) {
    const Json& level = GetAny(json, "level");
    std::vector<std::string> allowed;
    for (const AuditLevel l : {AuditLevel::kNone, AuditLevel::kMetadata, AuditLevel::kRequest,
                               AuditLevel::kRequestResponse}) {
      if (level == AuditLevelName(l)) return l;
      allowed.emplace_back(AuditLevelName(l));
    }
    errors_.push_back(NotSupported(at, level, allowed));
    return AuditLevel::kNone;
  }

  AuditStages Stages(const Json& json, const char* field, const std::string& at = "") {
    AuditStages stages = 0;
    for (const std::string& name : Strings(json, at, field)) {
      std::vector<std::string> allowed;
      bool known = name == "Panic";  // answered as ResponseComplete with 500
      for (const AuditStage s : {AuditStage::kRequestReceived, AuditStage::kResponseStarted,
                                 AuditStage::kResponseComplete}) {
        allowed.emplace_back(AuditStageName(s));
        if (name != AuditStageName(s)) continue;
        stages |= Bit(s);
        known = true;
      }
      if (!known) errors_.push_back(NotSupported(Join(at, field), name, allowed));
    }
    return stages;
  }

  void CheckPath(const std::string& path, const std::string& at, size_t i) {
    const size_t star = path.find('*');
    if (path == "*" || (path.starts_with('/') && (star == path.npos || star + 1 == path.size()))) {
      return;
    }
    errors_.push_back(Invalid(at + ".nonResourceURLs[" + std::to_string(i) + "]", path,
                              "must begin with / and may have * at its end"));
  }

  bool IsMap(const Json& json, const std::string& at) {
    if (json.is_object()) return true;
    errors_.push_back(TypeInvalid(at, json, "must be a map"));
    return false;
  }

  void CheckConstant(const Json& json, const char* field, const char* value) {
    if (GetAny(json, field) != value) {
      errors_.push_back(NotSupported(field, GetAny(json, field), {value}));
    }
  }

  void CheckKeys(const Json& json, const std::string& at, const std::vector<std::string>& known) {
    for (const auto& [key, value] : json.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        errors_.push_back(Forbidden(Join(at, key), "unknown field"));
      }
    }
  }

  bool Flag(const Json& json, const std::string& at, const char* field) {
    const Json& value = GetAny(json, field);
    if (value.is_boolean()) return value.get<bool>();
    if (!value.is_null())
      errors_.push_back(TypeInvalid(Join(at, field), value, "must be a boolean"));
    return false;
  }

  // The list, or an empty one.
  const Json& List(const Json& json, const std::string& at, const char* field) {
    static const Json kEmpty = Json::array();
    const Json& value = GetAny(json, field);
    if (value.is_array()) return value;
    if (!value.is_null()) {
      errors_.push_back(TypeInvalid(Join(at, field), value, "must be a list"));
    }
    return kEmpty;
  }

  std::vector<std::string> Strings(const Json& json, const std::string& at, const char* field) {
    std::vector<std::string> out;
    const Json& list = List(json, at, field);
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i].is_string()) {
        out.push_back(list[i].get<std::string>());
      } else {
        errors_.push_back(TypeInvalid(Join(at, field) + "[" + std::to_string(i) + "]", list[i],
                                      "must be a string"));
      }
    }
    return out;
  }

  FieldErrors errors_;
};

constexpr char kDefault[] = R"(
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
# Heartbeats, and what controllers saw: nobody's decision.
- level: None
  resources: [{group: coordination.k8s.io, resources: [leases]}]
- level: None
  resources: [{group: "", resources: [events]}, {group: events.k8s.io, resources: [events]}]
- level: None
  resources:
  - {group: gantry.dev, resources: ["*/status"]}
  - {group: "", resources: ["*/status"]}
  - {group: apiextensions.k8s.io, resources: ["*/status"]}
# Questions that change nothing.
- level: None
  resources: [{group: authorization.k8s.io}, {group: authentication.k8s.io}]
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
# Reads that show or do something that matters. Controllers read Secrets all the time.
- level: None
  userGroups: ["system:gantry:controllers"]
- level: Metadata
  resources:
  - {group: "", resources: [secrets]}
  - {group: gantry.dev, resources: [containers/exec, containers/attach, containers/log]}
  - {group: "", resources: [pods/exec, pods/attach, pods/log]}
- level: Metadata
  nonResourceURLs: [/backup, /audit]
)";

}  // namespace

Result<AuditPolicy> AuditPolicy::Parse(std::string_view text) {
  GANTRY_TRY_SET(const auto documents, yaml::ParseYaml(text));
  if (documents.size() != 1 || !documents[0].value.is_object()) {
    return Error(Code::kInvalid, "an audit policy is one document with rules");
  }
  PolicyReader reader;
  AuditPolicy policy;
  policy.rules_ = reader.Read(documents[0].value);
  if (!reader.errors().empty()) {
    return InvalidObject({"audit.k8s.io", "Policy"},
                         GetString(GetObject(documents[0].value, "metadata"), "name"),
                         reader.errors());
  }
  return policy;
}

AuditPolicy AuditPolicy::Default() { return *Parse(kDefault); }

}  // namespace gantry::apiserver
