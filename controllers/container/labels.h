#pragma once

#include <map>
#include <string>

#include "apis/machinery/meta/object.h"
#include "controllers/drivers/docker/types.h"

// Labels of what Gantry makes on a host. They are how it finds its own again: nothing without the
// installation's label is ever touched.
namespace gantry::container {

inline constexpr char kEngineInstallation[] = "gantry.dev/installation";  // uid of gantry-system
inline constexpr char kEngineKind[] = "gantry.dev/kind";  // Container, Volume, Network
inline constexpr char kEngineNamespace[] = "gantry.dev/namespace";
inline constexpr char kEngineName[] = "gantry.dev/name";
inline constexpr char kEngineUid[] = "gantry.dev/uid";
inline constexpr char kEngineSpecHash[] = "gantry.dev/spec-hash";

// The labels of the engine's container for a Container object: identity, application, service,
// slot, revision and the hash of its template, over the user's own labels.
docker::StringMap EngineLabels(const std::string& installation, const Object& container);
// The hash of `spec.template`; a container with another one is made anew.
std::string SpecHash(const Object& container);
// The containers of one Container object.
docker::LabelFilter FilterFor(const std::string& installation, std::string_view uid);
// All containers of the installation.
docker::LabelFilter FilterForAll(const std::string& installation);
// The object that an engine's container (or an event about it) belongs to.
ObjectKey KeyFromLabels(const docker::StringMap& labels);

// Names on the host.
// `<namespace>_<app>_<service>_<slot>_<short uid>`, or with the object's name for a Container that
// no service made.
std::string EngineName(const Object& container);
// `gantry_<namespace>_<app>`; empty for a Container without an application.
std::string NetworkName(const Object& container);
// `<namespace>_<volume>`.
std::string VolumeName(std::string_view ns, std::string_view volume);
// Names under which others of the application reach it: the Compose service, and the slot's name.
std::vector<std::string> NetworkAliases(const Object& container);

}  // namespace gantry::container
