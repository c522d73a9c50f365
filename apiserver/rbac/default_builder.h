#pragma once

#include <string>
#include <vector>

#include "apiserver/rbac/bootstrap.h"
#include "apiserver/rbac/rules.h"

namespace gantry::apiserver::rbac {

using Texts = std::vector<std::string>;

// An annotation: "false" leaves a default as it was changed.
inline constexpr char kAutoUpdate[] = "rbac.authorization.kubernetes.io/autoupdate";

Rule On(const char* group, Texts resources, Texts verbs);
Rule Paths(Texts urls);

// Writes default roles and bindings down.
class DefaultBuilder {
 public:
  void Role(const std::string& name, const Rules& rules, const Texts& labels = {});
  // A role that has the rules of all roles with one of the labels `from`.
  void Aggregate(const std::string& name, const Texts& from, const Texts& labels = {});
  // Bindings have the name of their role.
  void Bind(const std::string& role, const Texts& groups) { BindTo(role, "Group", groups); }
  void BindUser(const std::string& role, const std::string& user) { BindTo(role, "User", {user}); }
  // A role in one namespace, and who has it there.
  void RoleIn(const std::string& ns, const std::string& name, const Rules& rules,
              const Texts& groups);
  std::vector<Default> Take() { return std::move(all_); }

 private:
  void BindTo(const std::string& role, const char* kind, const Texts& subjects);
  static void SetSubjects(const std::string& role, const char* role_kind, const char* kind,
                          const Texts& subjects, Json* binding);
  Json& Add(const char* resource, const char* kind, const std::string& name, const Texts& labels);

  std::vector<Default> all_;
};

// What each controller may do, and the process that runs them apart from the server.
void AddControllerRoles(DefaultBuilder* b);

}  // namespace gantry::apiserver::rbac
