#include "apis/compose/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apis/compose/keys.h"

namespace gantry::compose {
namespace {

constexpr char kSubject[] = "Placement";
constexpr char kZone[] = "node.labels.topology.gantry.dev/zone";
constexpr char kRuleForm[] =
    "must be constraint:<label>==<value>, affinity:<service, image, container or a "
    "label>==<value>, availability:az==<number> or reschedule:on-node-failure; != is the contrary, "
    "and ~ before the value makes a wish of it";

// A rule's parts: `name==~pattern`.
struct Comparison {
  std::string name;
  bool equal = true;
  bool required = true;
  std::string pattern;
};

std::string TrimRule(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<Comparison> SplitRule(const std::string& text) {
  const size_t equal = text.find("=="), unequal = text.find("!=");
  const size_t at = std::min(equal, unequal);
  if (at == std::string::npos || at == 0) return std::nullopt;
  Comparison out;
  out.name = TrimRule(text.substr(0, at));
  out.equal = equal < unequal;
  out.pattern = TrimRule(text.substr(at + 2));
  if (!out.pattern.empty() && out.pattern[0] == '~') {
    out.required = false;
    out.pattern = TrimRule(out.pattern.substr(1));
  }
  if (out.name.empty() || out.name.size() > 256) return std::nullopt;
  return out;
}

// The rule as one text, however it was split at an equals sign.
std::string Whole(const KeyValue& entry) {
  const bool complete =
      entry.key.find("==") != std::string::npos || entry.key.find("!=") != std::string::npos;
  const std::string value = entry.value.value_or("");
  if (complete && value.empty()) return entry.key;
  if (complete || !entry.value || value.compare(0, 2, "==") == 0 || value.compare(0, 2, "!=") == 0)
    return entry.key + value;
  return entry.key + "=" + value;
}

// Labels of hosts that the classic engines had without being asked, by the facts they became.
std::string FactOf(const std::string& label) {
  static const std::map<std::string, std::string> facts = {
      {"node", "node.hostname"},
      {"kernelversion", "engine.kernelversion"},
      {"operatingsystem", "node.platform.os"},
      {"region", "node.labels.topology.gantry.dev/region"},
      {"az", kZone}};
  const auto it = facts.find(label);
  return it == facts.end() ? "node.labels." + label : it->second;
}

class RuleReader {
 public:
  RuleReader(std::string place, Json value, const std::string& self, v1::Placement* out,
             Diagnostics* diag)
      : place_(std::move(place)), value_(std::move(value)), self_(self), out_(out), diag_(diag) {}

  void Read(const std::string& text) {
    const size_t colon = text.find(':');
    const std::string kind = text.substr(0, colon);
    const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (kind == "reschedule") return Reschedule(TrimRule(rest));
    const auto rule = SplitRule(rest);
    if (!rule) return diag_->Invalid(place_, value_, kRuleForm);
    if (kind == "constraint") Constraint(*rule);
    else if (kind == "affinity") Affinity(*rule);
    else Availability(*rule);
  }

  void Reschedule(const std::string& word) {
    if (word != "on-node-failure" && word != "off")
      return diag_->Unsupported(place_, value_, "must be on-node-failure or off");
    out_->reschedule_on_node_failure = word == "on-node-failure";
    diag_->NotDone(place_, kSubject,
                   "is not acted on yet: containers of a lost node stay where they are");
  }

  void Constraint(const Comparison& rule) {
    if (!CheckPattern(rule.pattern)) return;
    const std::string fact = FactOf(rule.name);
    if (rule.name == "storagedriver")
      diag_->NotDone(place_, kSubject,
                     "asks for a storage driver, which nodes do not tell yet: only a label of that "
                     "name is looked at");
    out_->constraints.push_back({fact, rule.equal, rule.pattern, rule.required});
  }

  void Affinity(const Comparison& rule) {
    if (!CheckPattern(rule.pattern)) return;
    if (rule.name == "service" && !rule.equal && rule.required && rule.pattern == self_) {
      out_->max_per_node = 1;
      return;
    }
    const std::string to = rule.name == "service"     ? "Service"
                           : rule.name == "image"     ? "Image"
                           : rule.name == "container" ? "Container"
                                                      : rule.name;
    out_->affinity.push_back({to, rule.equal, rule.pattern, rule.required});
    diag_->NotDone(place_, kSubject,
                   "is not acted on yet: containers are placed without regard to others");
  }

  void Availability(const Comparison& rule) {
    const auto number = ParseWhole(rule.pattern);
    if (rule.name != "az" || !rule.equal || !number || *number < 1 || *number > 1000)
      return diag_->Invalid(place_, value_,
                            "must be availability:az==<number of zones>, or ==~ for a wish");
    out_->spread.push_back({kZone, static_cast<int>(*number), rule.required});
    diag_->NotDone(place_, kSubject,
                   "is not acted on yet: containers are placed without regard to zones");
  }

 private:
  bool CheckPattern(const std::string& pattern) {
    const std::string fault = v1::CheckPattern(pattern);
    if (!fault.empty()) diag_->Invalid(place_, value_, "the value " + fault);
    return fault.empty();
  }

  const std::string place_;
  const Json value_;
  const std::string& self_;
  v1::Placement* out_;
  Diagnostics* diag_;
};

// The keys of `deploy.placement.constraints`, as Swarm mode has them.
bool IsFact(const std::string& name) {
  for (const char* fact :
       {"node.id", "node.hostname", "node.role", "node.platform.os", "node.platform.arch"}) {
    if (name == fact) return true;
  }
  for (const std::string_view prefix : {"node.labels.", "engine.labels."}) {
    if (name.size() > prefix.size() && name.compare(0, prefix.size(), prefix) == 0) return true;
  }
  return false;
}

void ReadConstraint(const Field& item, v1::Placement* out, Diagnostics* diag) {
  const auto text = ReadText(item, diag);
  if (!text) return;
  const auto rule = SplitRule(*text);
  if (!rule || !rule->required) {
    return diag->Invalid(item.place, item.value,
                         "must be <attribute>==<value> or <attribute>!=<value>");
  }
  if (!IsFact(rule->name)) {
    return diag->Unsupported(item.place, rule->name,
                             "must be node.id, node.hostname, node.role, node.platform.os, "
                             "node.platform.arch, node.labels.<name> or engine.labels.<name>");
  }
  if (const std::string fault = v1::CheckPattern(rule->pattern); !fault.empty())
    return diag->Invalid(item.place, item.value, "the value " + fault);
  if (rule->name == "node.role" && rule->pattern != "worker" && rule->pattern != "manager")
    return diag->Unsupported(item.place, rule->pattern, "a role is worker or manager");
  std::string fact = rule->name;
  // The labels of a host are those of its Node.
  if (fact.compare(0, 14, "engine.labels.") == 0) fact = "node.labels." + fact.substr(14);
  if (rule->name == "node.role" && (rule->pattern == "manager") == rule->equal)
    diag->Warn(item.place, "holds nowhere: every node is a worker here");
  out->constraints.push_back({fact, rule->equal, rule->pattern, true});
}

void ReadPreferences(const Field& list, v1::Placement* out, Diagnostics* diag) {
  if (!IsList(list, diag)) return;
  for (size_t i = 0; i < list.value.size(); ++i) {
    const Field item = list.Item(i);
    if (!IsMap(item, diag)) continue;
    for (const auto& [key, value] : item.value.items()) {
      if (!CheckKey(Scope::kPreference, item.place, key, value, diag)) continue;
      const Field field = item.Member(key);
      const auto text = ReadText(field, diag);
      if (!text) continue;
      if (!IsFact(*text) || text->find(".labels.") == std::string::npos) {
        diag->Unsupported(field.place, value, "must be node.labels.<name> or engine.labels.<name>");
        continue;
      }
      out->spread.push_back({*text, 0, false});
      diag->NotDone(field.place, kSubject,
                    "is not acted on yet: containers are placed without regard to it");
    }
  }
}

}  // namespace

bool IsPlacementRule(const std::string& variable) {
  for (const char* prefix : {"constraint:", "affinity:", "availability:", "reschedule:"}) {
    if (variable.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

void ReadPlacementRule(const KeyValue& entry, const std::string& self, v1::Placement* out,
                       Diagnostics* diag) {
  if (entry.secret) {
    return diag->Forbidden(entry.place, "a rule of placement cannot have the value of a Secret");
  }
  const std::string text = Whole(entry);
  RuleReader(entry.place, text, self, out, diag).Read(text);
}

bool ReadSwarmLabel(const KeyValue& entry, const std::string& self, v1::Placement* out,
                    Diagnostics* diag) {
  static const std::map<std::string, std::string> kinds = {
      {"com.docker.swarm.reschedule-policies", "reschedule:"},
      {"com.docker.swarm.constraints", "constraint:"},
      {"com.docker.swarm.affinities", "affinity:"}};
  const auto kind = kinds.find(entry.key);
  if (kind == kinds.end()) return false;
  const std::string text = entry.value.value_or("");
  const auto list = ParseJson(text);
  const bool is_list =
      list.ok() && list->is_array() &&
      std::all_of(list->begin(), list->end(), [](const Json& item) { return item.is_string(); });
  if (!is_list) {
    diag->Invalid(entry.place, text, "must be a list of texts, such as [\"on-node-failure\"]");
    return true;
  }
  for (const Json& item : *list) {
    RuleReader(entry.place, item, self, out, diag).Read(kind->second + item.get<std::string>());
  }
  return true;
}

void ReadPlacement(const Field& placement, v1::Placement* out, Diagnostics* diag) {
  if (!IsMap(placement, diag)) return;
  for (const auto& [key, value] : placement.value.items()) {
    if (!CheckKey(Scope::kPlacement, placement.place, key, value, diag) || value.is_null())
      continue;
    const Field field = placement.Member(key);
    if (key == "constraints") {
      if (!IsList(field, diag)) continue;
      for (size_t i = 0; i < value.size(); ++i) ReadConstraint(field.Item(i), out, diag);
    } else if (key == "preferences") {
      ReadPreferences(field, out, diag);
    } else {
      out->max_per_node =
          static_cast<int>(ReadWhole(field, 0, kMaxReplicas, diag).value_or(out->max_per_node));
    }
  }
}

void CheckSpread(const Field& service, std::optional<int> replicas, const v1::Placement& placement,
                 Diagnostics* diag) {
  if (!replicas) return;
  for (const auto& spread : placement.spread) {
    if (!spread.required || *replicas == 0 || *replicas >= spread.min) continue;
    diag->Invalid(Join(service.place, "environment"),
                  fmt::format("availability:az=={}", spread.min),
                  fmt::format("{} replicas cannot be in {} zones", *replicas, spread.min));
  }
}

}  // namespace gantry::compose
