#include "apis/gantry.dev/v1/placement.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace gantry::v1 {
namespace {

constexpr size_t kMaxPattern = 256;

const char* OperatorText(bool equal) { return equal ? "==" : "!="; }
const char* ModeText(bool required) { return required ? "Required" : "Preferred"; }
bool IsEqual(const Json& json) { return GetString(json, "operator", "==") != "!="; }
bool IsRequired(const Json& json) { return GetString(json, "mode", "Required") != "Preferred"; }

bool IsExpression(std::string_view pattern) {
  return pattern.size() >= 2 && pattern.front() == '/' && pattern.back() == '/';
}

bool IsChoice(std::string_view pattern) {
  return pattern.size() >= 2 && pattern.front() == '(' && pattern.back() == ')';
}

std::string_view Inner(std::string_view pattern) { return pattern.substr(1, pattern.size() - 2); }

// `*` is any text, `?` any character.
bool MatchesGlob(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      from = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

RE2::Options Quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  return options;
}

}  // namespace

bool Placement::empty() const {
  return constraints.empty() && affinity.empty() && spread.empty() && max_per_node == 0 &&
         !reschedule_on_node_failure;
}

Placement Placement::From(const Json& json) {
  Placement out;
  for (const Json& c : GetArray(json, "constraints"))
    out.constraints.push_back(
        {GetString(c, "key"), IsEqual(c), GetString(c, "pattern"), IsRequired(c)});
  for (const Json& a : GetArray(json, "affinity"))
    out.affinity.push_back(
        {GetString(a, "to"), IsEqual(a), GetString(a, "pattern"), IsRequired(a)});
  for (const Json& s : GetArray(json, "spread"))
    out.spread.push_back(
        {GetString(s, "topologyKey"), static_cast<int>(GetInt(s, "min")), IsRequired(s)});
  out.max_per_node = static_cast<int>(GetInt(json, "maxReplicasPerNode"));
  if (GetAny(json, "rescheduleOnNodeFailure").is_boolean())
    out.reschedule_on_node_failure = GetBool(json, "rescheduleOnNodeFailure");
  return out;
}

Json Placement::ToJson() const {
  Json json = Json::object();
  for (const Constraint& c : constraints) {
    json["constraints"].push_back({{"key", c.key},
                                   {"operator", OperatorText(c.equal)},
                                   {"pattern", c.pattern},
                                   {"mode", ModeText(c.required)}});
  }
  for (const Affinity& a : affinity) {
    json["affinity"].push_back({{"to", a.to},
                                {"operator", OperatorText(a.equal)},
                                {"pattern", a.pattern},
                                {"mode", ModeText(a.required)}});
  }
  for (const Spread& s : spread) {
    json["spread"].push_back(
        {{"topologyKey", s.topology_key}, {"min", s.min}, {"mode", ModeText(s.required)}});
  }
  if (max_per_node > 0) json["maxReplicasPerNode"] = max_per_node;
  if (reschedule_on_node_failure) json["rescheduleOnNodeFailure"] = *reschedule_on_node_failure;
  return json;
}

std::map<std::string, std::string> NodeFacts(const Object& node) {
  std::map<std::string, std::string> out;
  const Json& status = node.status();
  out["node.id"] = GetString(status, "engineID");
  out["node.name"] = node.name();
  out["node.hostname"] = GetString(status, "hostname");
  out["node.role"] = "worker";
  out["node.platform.os"] = GetString(status, "os");
  out["node.platform.arch"] = GetString(status, "architecture");
  out["engine.kernelversion"] = GetString(status, "kernel");
  out["engine.version"] = GetString(status, "engineVersion");
  for (const auto& [name, value] : node.labels()) out["node.labels." + name] = value;
  return out;
}

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  if (pattern.size() > kMaxPattern) return false;
  if (IsExpression(pattern)) {
    const std::string_view expression = Inner(pattern);
    const RE2 re(re2::StringPiece(expression.data(), expression.size()), Quiet());
    return re.ok() && RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), re);
  }
  if (!IsChoice(pattern)) return MatchesGlob(pattern, text);
  std::string_view choices = Inner(pattern);
  while (true) {
    const size_t bar = choices.find('|');
    if (MatchesGlob(choices.substr(0, bar), text)) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

std::string CheckPattern(std::string_view pattern) {
  if (pattern.empty()) return "needs a value";
  if (pattern.size() > kMaxPattern) return fmt::format("is longer than {} characters", kMaxPattern);
  if (IsExpression(pattern)) {
    const std::string_view expression = Inner(pattern);
    const RE2 re(re2::StringPiece(expression.data(), expression.size()), Quiet());
    return re.ok() ? "" : "is no regular expression: " + re.error();
  }
  for (const char c : pattern) {
    if (static_cast<unsigned char>(c) <= ' ') return "must not have blanks";
  }
  return "";
}

bool Holds(const Placement::Constraint& constraint,
           const std::map<std::string, std::string>& facts) {
  const auto it = facts.find(constraint.key);
  const std::string_view fact = it == facts.end() ? std::string_view() : it->second;
  // Docker's `node.hostname` and the name that a Node was given here are both names of the host.
  bool matches = MatchesPattern(constraint.pattern, fact);
  if (constraint.key == "node.hostname") {
    const auto name = facts.find("node.name");
    matches = matches || (name != facts.end() && MatchesPattern(constraint.pattern, name->second));
  }
  return matches == constraint.equal;
}

std::string ToText(const Placement::Constraint& constraint) {
  return constraint.key + OperatorText(constraint.equal) + constraint.pattern;
}

}  // namespace gantry::v1
