#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/gantry.dev/v1/container_template.h"
#include "apis/machinery/meta/field_error.h"

// What the containers of a namespace may have of their hosts: whoever may create a container with
// all of it is root there. Pure.
namespace gantry::v1 {

// The label of a Namespace; without it Restricted holds.
inline constexpr char kLabelPolicy[] = "gantry.dev/policy";

// Annotations of a Namespace; each is a list with commas.
// Paths of the hosts that may be mounted, they and what is below: `/srv/shop, /mnt/nfs`.
inline constexpr char kAnnotationBindPaths[] = "gantry.dev/allowed-bind-paths";
// Registries that images may come from: `docker.io, registry.example.com:5000`.
inline constexpr char kAnnotationRegistries[] = "gantry.dev/allowed-registries";
// Images beside those: `nginx, example/*, registry.example.com/team/*`; `*` stands for anything.
inline constexpr char kAnnotationImages[] = "gantry.dev/allowed-images";
// Of gantry-system: paths that no namespace mounts unless it allows them by name.
inline constexpr char kAnnotationProtectedPaths[] = "gantry.dev/protected-paths";

enum class NamespacePolicy {
  kRestricted,  // nothing of the host
  kBaseline,    // paths of the host beside those of its system
  kPrivileged,  // everything but the engine's sockets and Gantry's data
};

// Restricted for the empty text; nothing for a word that is no policy.
std::optional<NamespacePolicy> ParseNamespacePolicy(std::string_view text);

struct NamespaceRules {
  NamespacePolicy policy = NamespacePolicy::kRestricted;
  std::vector<std::string> bind_paths;  // clean
  // Together they say which images may be used; both empty: all of them.
  std::vector<std::string> registries;
  std::vector<std::string> images;
  // Beside the sockets of engines that everybody knows: what is never mounted unless `bind_paths`
  // names it. Clean.
  std::vector<std::string> protected_paths;

  // What a Namespace says. A policy that is none allows nothing.
  static NamespaceRules From(const Object& ns);
};

// Labels and annotations of a Namespace that cannot be meant.
FieldErrors CheckNamespaceRules(const Object& ns);

// The list in an annotation, without blanks and empty parts.
std::vector<std::string> SplitList(std::string_view text);

// `/a//b/./c/../d/` is `/a/b/d`; `/var/run` is `/run`, as it is everywhere.
std::string CleanPath(std::string_view path);

inline constexpr char kUnixEndpoint[] = "unix://";
// The socket of an engine's endpoint, clean: `/run/docker.sock`; empty for one over the network.
std::string SocketOf(std::string_view endpoint);

struct PolicyFault {
  std::string field;    // below the template: security.privileged
  std::string compose;  // the key of a Compose service that says it: privileged
  std::string detail;   // the value, and what is allowed
};

// What `tmpl` has that the rules forbid, all of it.
std::vector<PolicyFault> CheckPolicy(const NamespaceRules& rules, const ContainerTemplate& tmpl);

// Why `path` of a host is not mounted; empty when it may be. A mount of it is judged by where it
// leads, too, by whoever can see the host's symbolic links.
std::string BindFault(const NamespaceRules& rules, std::string_view path);

}  // namespace gantry::v1
