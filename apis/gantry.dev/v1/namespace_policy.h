#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/gantry.dev/v1/container_template.h"

// What the containers of a namespace may have of their hosts: whoever may create a container with
// all of it is root there. Pure.
namespace gantry::v1 {

// The label of a Namespace; without it Restricted holds.
inline constexpr char kLabelPolicy[] = "gantry.dev/policy";

enum class NamespacePolicy {
  kRestricted,  // nothing of the host
  kBaseline,    // paths of the host beside those of its system
  kPrivileged,  // everything but the engine's sockets
};

// Restricted for the empty text; nothing for a word that is no policy.
std::optional<NamespacePolicy> ParseNamespacePolicy(std::string_view text);

struct PolicyFault {
  std::string field;    // below the template: security.privileged
  std::string compose;  // the key of a Compose service that says it: privileged
  std::string detail;
};

// What `tmpl` has that the policy forbids, all of it.
std::vector<PolicyFault> CheckPolicy(NamespacePolicy policy, const ContainerTemplate& tmpl);

}  // namespace gantry::v1
