#pragma once

#include "controllers/container/host_resources.h"
#include "controllers/container/images.h"
#include "controllers/container/plan.h"
#include "controllers/hosts/host_pool.h"
#include "controllers/runtime/status_patch.h"

namespace gantry::container {

// Makes a host's engine match one Container object. Thread-safe: the lanes of all hosts share it.
class ContainerReconciler {
 public:
  // `manager` and `hosts` outlive this. `installation` marks what is ours on the hosts.
  ContainerReconciler(runtime::Manager* manager, hosts::HostPool* hosts, std::string installation);

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key);

 private:
  Result<runtime::Requeue> Release(const Context& ctx, const Object& container);
  Result<runtime::Requeue> Finalize(const Context& ctx, docker::Engine* engine,
                                    const Object& container);
  Result<runtime::Requeue> Converge(const Context& ctx, docker::Engine* engine,
                                    const Object& container, runtime::StatusPatch* patch);
  // What the engine has of the object. `known_id`: the only container that there can be, which
  // saves a search; empty when nothing is known.
  Result<Observed> Observe(const Context& ctx, docker::Engine* engine, const Object& container,
                           const std::string& known_id) const;
  // The id of the container that the step made or started; empty without a step.
  Result<std::string> Execute(const Context& ctx, docker::Engine* engine, const Object& container,
                              const Wanted& want, const Plan& plan);
  Result<std::string> Create(const Context& ctx, docker::Engine* engine, const Object& container,
                             const v1::ContainerTemplate& tmpl);
  // Starts it, and puts the network that it may miss in order first. Removes a container that
  // cannot start any more, so that the next look makes a new one. `earlier_failure`: what the
  // engine says of its last start, empty when that went well.
  Status StartThere(const Context& ctx, docker::Engine* engine, const Object& container,
                    const std::string& id, const std::string& earlier_failure);
  // Creates it under the config's name, or under another one when something else has that name.
  Result<std::string> CreateNamed(const Context& ctx, docker::Engine* engine,
                                  docker::ContainerConfig config, const Object& container);
  Status RemoveAll(const Context& ctx, docker::Engine* engine, const std::vector<std::string>& ids,
                   int grace_seconds);
  // The registry's digest of what runs, asked for when the image is another one than in the status.
  void WriteImageDigest(const Context& ctx, docker::Engine* engine, const Plan& plan,
                        runtime::StatusPatch* patch) const;
  void WriteStatus(const Wanted& want, const Plan& plan, const Object& container,
                   runtime::StatusPatch* patch) const;
  void WriteFailure(const Object& container, const Error& error, runtime::StatusPatch* patch);

  const client::Client client_;
  runtime::EventRecorder* const recorder_;
  const runtime::Lister& containers_;
  const runtime::Lister& nodes_;
  hosts::HostPool* const hosts_;
  const HostResources resources_;
  const Images images_;
  Clock* const clock_;
  Random* const random_;
  const std::string installation_;
};

}  // namespace gantry::container
