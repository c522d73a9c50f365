#pragma once

#include <map>
#include <set>

#include "apis/gantry.dev/v1/types.h"
#include "apis/machinery/base/mutex.h"
#include "controllers/drivers/docker/docker.h"
#include "controllers/runtime/manager.h"

// What a container needs on its host and from the API before it can be created. Each call is
// idempotent; errors name what is missing.
namespace gantry::container {

class HostResources {
 public:
  // `manager` outlives this.
  explicit HostResources(runtime::Manager* manager);

  // `NAME=value` of every variable; Secrets and ConfigMaps are read from the API now. kNotFound
  // names the object or key that is missing.
  Result<std::vector<std::string>> ResolveEnv(const Context& ctx, const Object& container,
                                              const v1::ContainerTemplate& tmpl) const;
  // Makes the named volumes of the template on the host, and notes in each Volume that this node
  // has data. kNotFound when there is no such Volume object.
  Status EnsureVolumes(const Context& ctx, docker::Engine* engine, const std::string& installation,
                       const Object& container, const v1::ContainerTemplate& tmpl) const;
  // The application's network on the host, once. The engine is asked only once for each network,
  // until ForgetNetwork: it may be removed there by hand.
  Status EnsureNetwork(const Context& ctx, docker::Engine* engine, const std::string& installation,
                       const Object& container) const;
  // Call it when the engine misses the network.
  void ForgetNetwork(const Object& container) const;
  // Removes the application's network when it has no container left.
  Status RemoveNetworkIfUnused(const Context& ctx, docker::Engine* engine,
                               const std::string& installation, const Object& container) const;

 private:
  Result<std::string> Lookup(const Context& ctx, const Object& container,
                             const v1::ContainerTemplate::EnvVar& var) const;
  Status NoteNode(const Context& ctx, const Object& volume, const std::string& node) const;

  // One a host: an engine makes two networks of one name when it is asked twice at once, and then
  // starts no container on either.
  struct HostNetworks {
    Mutex mu;
    std::set<std::string> known GUARDED_BY(mu);  // names that were there at the last look
  };
  HostNetworks* NetworksOf(const Object& container) const;

  const client::Client client_;
  const runtime::Lister& volumes_;
  mutable Mutex mu_;
  mutable std::map<std::string, HostNetworks> networks_ GUARDED_BY(mu_);  // by node
};

}  // namespace gantry::container
