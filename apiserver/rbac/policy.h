#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/meta/gvk.h"
#include "apis/machinery/meta/selector.h"
#include "apiserver/auth/authorizer.h"
#include "apiserver/rbac/rules.h"

namespace gantry::apiserver::rbac {

// Who a binding gives a role to.
struct Subject {
  enum class Kind { kUser, kGroup, kServiceAccount };
  Kind kind;
  std::string name;
  std::string ns;  // of a service account; empty: that of the binding
};

// `ns` is empty for a ClusterRole.
using RoleKey = ObjectKey;

// All roles and bindings, indexed by who they are about: a decision looks at what was given to the
// user and to its groups, and at nothing else. Members of `system:masters` may do everything
// whatever is stored. Thread-safe; nothing blocks for more than a few map operations, or the rules
// of one user.
class Policy final : public Authorizer {
 public:
  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // --- What is stored. A binding counts as soon as both it and its role are there.
  struct Role {
    Rules rules;
    std::map<std::string, std::string> labels;
    std::vector<LabelSelector> aggregates;  // of a ClusterRole: whose rules become its own
  };
  void PutRole(const RoleKey& key, Role role);
  void DropRole(const RoleKey& key);
  // `key.ns` is empty for a ClusterRoleBinding.
  void PutBinding(const ObjectKey& key, const RoleKey& role, std::vector<Subject> subjects);
  void DropBinding(const ObjectKey& key);

  // --- What follows from it.
  // Why: the binding that allows it, or the role that is missing.
  bool Decide(const AccessRequest& access, std::string* reason) const override;
  // All that `user` may do in a namespace, with what it may do everywhere; in `missing` the roles
  // that are bound but not there.
  Rules RulesOf(const User& user, const std::string& ns,
                std::vector<std::string>* missing = nullptr) const;
  // The rules of a role; nothing when it is not there.
  std::optional<Rules> RulesOf(const RoleKey& role) const;
  // The rules of all ClusterRoles but `self` that a selector matches, each once, in order of names.
  Rules Aggregate(const std::string& self, const std::vector<LabelSelector>& selectors) const;
  // The ClusterRoles that aggregate roles with such labels.
  std::vector<std::string> AggregatorsOf(const std::map<std::string, std::string>& labels) const;
  // The labels of a ClusterRole; empty when it is not there.
  std::map<std::string, std::string> LabelsOf(const std::string& cluster_role) const;

  // Grows with each change.
  uint64_t generation() const { return generation_.load(); }

 private:
  struct Slot {  // a role that is there, or bound, or both
    std::optional<Role> role;
    size_t bindings = 0;
  };
  using Roles = std::map<RoleKey, Slot>;
  struct Binding {
    Roles::iterator role;
    std::vector<Subject> subjects;
  };
  using Bindings = std::map<ObjectKey, Binding>;
  struct ByAddress {
    bool operator()(const Roles::value_type* a, const Roles::value_type* b) const {
      return a->first < b->first;
    }
  };
  // The roles that somebody has, with the bindings that give them.
  using Grants =
      std::map<const Roles::value_type*, std::set<const Bindings::value_type*>, ByAddress>;
  struct Scope {
    std::unordered_map<std::string, Grants> users;  // service accounts by their user names
    std::unordered_map<std::string, Grants> groups;
  };

  void DropBindingLocked(const ObjectKey& key) REQUIRES(mu_);
  void ReleaseLocked(Roles::iterator role) REQUIRES(mu_);
  // Calls `visit(grants, name, is_group)` for everything the user has in `ns` ("": everywhere),
  // until it returns true; whether it did.
  template <typename Visit>
  bool VisitLocked(const User& user, const std::string& ns, const Visit& visit) const REQUIRES(mu_);

  mutable Mutex mu_;
  Roles roles_ GUARDED_BY(mu_);
  Bindings bindings_ GUARDED_BY(mu_);
  std::unordered_map<std::string, Scope> scopes_ GUARDED_BY(mu_);  // "": ClusterRoleBindings
  std::set<std::string> aggregating_ GUARDED_BY(mu_);              // ClusterRoles that aggregate
  std::atomic<uint64_t> generation_{0};
};

// `system:serviceaccount:<namespace>:<name>`
std::string ServiceAccountUser(const std::string& ns, const std::string& name);

}  // namespace gantry::apiserver::rbac
