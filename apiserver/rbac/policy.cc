#include "apiserver/rbac/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::apiserver::rbac {
namespace {

const char* KindOf(const RoleKey& key) { return key.ns.empty() ? "ClusterRole" : "Role"; }

// Whom the subject of a binding in `ns` names: the user or group.
std::string NameOf(const Subject& subject, const std::string& ns) {
  if (subject.kind != Subject::Kind::kServiceAccount) return subject.name;
  return ServiceAccountUser(subject.ns.empty() ? ns : subject.ns, subject.name);
}

std::string Missing(const RoleKey& key) {
  return fmt::format("{}.rbac.authorization.k8s.io \"{}\" not found",
                     key.ns.empty() ? "clusterrole" : "role", key.name);
}

std::string DescribeSubject(const std::vector<Subject>& subjects, const std::string& ns,
                            const std::string& name, bool group) {
  for (const Subject& s : subjects) {
    if ((s.kind == Subject::Kind::kGroup) != group || NameOf(s, ns) != name) continue;
    switch (s.kind) {
      case Subject::Kind::kUser: return fmt::format("User \"{}\"", s.name);
      case Subject::Kind::kGroup: return fmt::format("Group \"{}\"", s.name);
      case Subject::Kind::kServiceAccount:
        return fmt::format("ServiceAccount \"{}/{}\"", s.name, s.ns.empty() ? ns : s.ns);
    }
  }
  return "";
}

// `a`, or `[a, b]` for several.
std::string Joined(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return texts.front();
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace

std::string ServiceAccountUser(const std::string& ns, const std::string& name) {
  return "system:serviceaccount:" + ns + ":" + name;
}

void Policy::PutRole(const RoleKey& key, Role role) {
  MutexLock lock(&mu_);
  if (key.ns.empty()) {
    if (role.aggregates.empty()) {
      aggregating_.erase(key.name);
    } else {
      aggregating_.insert(key.name);
    }
  }
  roles_[key].role = std::move(role);
  ++generation_;
}

void Policy::DropRole(const RoleKey& key) {
  MutexLock lock(&mu_);
  if (key.ns.empty()) aggregating_.erase(key.name);
  const auto it = roles_.find(key);
  if (it == roles_.end()) return;
  it->second.role.reset();
  ReleaseLocked(it);
  ++generation_;
}

void Policy::PutBinding(const ObjectKey& key, const RoleKey& role, std::vector<Subject> subjects) {
  MutexLock lock(&mu_);
  DropBindingLocked(key);
  const auto slot = roles_.try_emplace(role).first;
  ++slot->second.bindings;
  const auto binding = bindings_.insert_or_assign(key, Binding{slot, std::move(subjects)}).first;
  Scope& scope = scopes_[key.ns];
  for (const Subject& s : binding->second.subjects) {
    auto& grants = s.kind == Subject::Kind::kGroup ? scope.groups : scope.users;
    grants[NameOf(s, key.ns)][&*slot].insert(&*binding);
  }
  ++generation_;
}

void Policy::DropBinding(const ObjectKey& key) {
  MutexLock lock(&mu_);
  DropBindingLocked(key);
  ++generation_;
}

void Policy::DropBindingLocked(const ObjectKey& key) {
  const auto binding = bindings_.find(key);
  if (binding == bindings_.end()) return;
  const auto slot = binding->second.role;
  Scope& scope = scopes_[key.ns];
  for (const Subject& s : binding->second.subjects) {
    auto& all = s.kind == Subject::Kind::kGroup ? scope.groups : scope.users;
    const auto grants = all.find(NameOf(s, key.ns));
    if (grants == all.end()) continue;  // the same subject twice
    const auto grant = grants->second.find(&*slot);
    if (grant == grants->second.end()) continue;
    grant->second.erase(&*binding);
    if (grant->second.empty()) grants->second.erase(grant);
    if (grants->second.empty()) all.erase(grants);
  }
  if (scope.users.empty() && scope.groups.empty()) scopes_.erase(key.ns);
  bindings_.erase(binding);
  --slot->second.bindings;
  ReleaseLocked(slot);
}

void Policy::ReleaseLocked(Roles::iterator role) {
  if (!role->second.role && role->second.bindings == 0) roles_.erase(role);
}

template <typename Visit>
bool Policy::VisitLocked(const User& user, const std::string& ns, const Visit& visit) const {
  const auto in = [&](const Scope& scope) {
    if (const auto it = scope.users.find(user.name);
        it != scope.users.end() && visit(it->second, user.name, false)) {
      return true;
    }
    return std::any_of(user.groups.begin(), user.groups.end(), [&](const std::string& group) {
      const auto it = scope.groups.find(group);
      return it != scope.groups.end() && visit(it->second, group, true);
    });
  };
  const auto everywhere = scopes_.find("");
  if (everywhere != scopes_.end() && in(everywhere->second)) return true;
  if (ns.empty()) return false;
  const auto here = scopes_.find(ns);
  return here != scopes_.end() && in(here->second);
}

bool Policy::Decide(const AccessRequest& access, std::string* reason) const {
  if (IsMaster(access.user)) return true;
  std::vector<std::string> missing;
  MutexLock lock(&mu_);
  const bool allowed = VisitLocked(
      access.user, NamespaceOf(access.info),
      [&](const Grants& grants, const std::string& name, bool group) {
        for (const auto& [slot, bindings] : grants) {
          if (!slot->second.role) {
            if (reason != nullptr) missing.push_back(Missing(slot->first));
            continue;
          }
          const Rules& rules = slot->second.role->rules;
          const bool match = std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) {
            return Allows(rule, access.info, access.path);
          });
          if (!match) continue;
          if (reason != nullptr) {
            const auto& [key, binding] = **bindings.begin();
            *reason = fmt::format("RBAC: allowed by {} \"{}\" of {} \"{}\" to {}",
                                  key.ns.empty() ? "ClusterRoleBinding" : "RoleBinding",
                                  key.ns.empty() ? key.name : key.name + "/" + key.ns,
                                  KindOf(slot->first), slot->first.name,
                                  DescribeSubject(binding.subjects, key.ns, name, group));
          }
          return true;
        }
        return false;
      });
  if (!allowed && !missing.empty()) *reason = "RBAC: " + Joined(missing);
  return allowed;
}

Rules Policy::RulesOf(const User& user, const std::string& ns,
                      std::vector<std::string>* missing) const {
  if (IsMaster(user)) return EverythingRules();
  Rules rules;
  std::set<RoleKey> seen;
  MutexLock lock(&mu_);
  VisitLocked(user, ns, [&](const Grants& grants, const std::string&, bool) {
    for (const auto& [slot, bindings] : grants) {
      if (!seen.insert(slot->first).second) continue;
      if (!slot->second.role) {
        if (missing != nullptr) missing->push_back(Missing(slot->first));
        continue;
      }
      const Rules& own = slot->second.role->rules;
      rules.insert(rules.end(), own.begin(), own.end());
    }
    return false;
  });
  return rules;
}

std::optional<Rules> Policy::RulesOf(const RoleKey& role) const {
  MutexLock lock(&mu_);
  const auto it = roles_.find(role);
  if (it == roles_.end() || !it->second.role) return std::nullopt;
  return it->second.role->rules;
}

Rules Policy::Aggregate(const std::string& self,
                        const std::vector<LabelSelector>& selectors) const {
  Rules rules;
  MutexLock lock(&mu_);
  for (auto it = roles_.lower_bound({"", ""}); it != roles_.end() && it->first.ns.empty(); ++it) {
    const Slot& slot = it->second;
    if (it->first.name == self || !slot.role) continue;
    const bool selected =
        std::any_of(selectors.begin(), selectors.end(),
                    [&](const LabelSelector& s) { return s.Matches(slot.role->labels); });
    if (!selected) continue;
    for (const Rule& rule : slot.role->rules) {
      if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
    }
  }
  return rules;
}

std::vector<std::string> Policy::AggregatorsOf(
    const std::map<std::string, std::string>& labels) const {
  std::vector<std::string> names;
  MutexLock lock(&mu_);
  for (const std::string& name : aggregating_) {
    const auto it = roles_.find({"", name});
    if (it == roles_.end() || !it->second.role) continue;
    const std::vector<LabelSelector>& selectors = it->second.role->aggregates;
    if (std::any_of(selectors.begin(), selectors.end(),
                    [&](const LabelSelector& s) { return s.Matches(labels); })) {
      names.push_back(name);
    }
  }
  return names;
}

std::map<std::string, std::string> Policy::LabelsOf(const std::string& cluster_role) const {
  MutexLock lock(&mu_);
  const auto it = roles_.find({"", cluster_role});
  if (it == roles_.end() || !it->second.role) return {};
  return it->second.role->labels;
}

}  // namespace gantry::apiserver::rbac
