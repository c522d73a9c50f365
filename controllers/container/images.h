#pragma once

#include "apis/gantry.dev/v1/types.h"
#include "controllers/drivers/docker/docker.h"
#include "controllers/runtime/manager.h"

namespace gantry::container {

// Images on hosts. All containers of one ServiceRevision run one image: what the template's name
// meant when its first container was made is written into the revision (`resolvedImage`), and later
// ones run that, whatever the name means then. Credentials come from the Secrets that the Service
// names (`imagePullSecrets`). Thread-safe.
//
// Errors that an image caused have a reason (ImageFailure). A registry that cannot be reached is
// none while the host has the image.
class Images {
 public:
  // `manager` outlives this.
  explicit Images(runtime::Manager* manager);

  // The reference to create the container from; it is on the host afterwards.
  Result<std::string> Ensure(const Context& ctx, docker::Engine* engine, const Object& container,
                             const v1::ContainerTemplate& tmpl) const;
  // Looks whether the template's name means another image by now: `status.imageCheck`.
  Result<Json> Check(const Context& ctx, docker::Engine* engine, const Object& container,
                     const v1::ContainerTemplate& tmpl, const std::string& asked) const;

 private:
  // One place's view of the present name: pulled if need be, and what it resolves to.
  Result<std::string> Resolve(const Context& ctx, docker::Engine* engine, const Object& container,
                              const v1::ContainerTemplate& tmpl, bool newest) const;
  Result<std::string> UsePinned(const Context& ctx, docker::Engine* engine, const Object& container,
                                const v1::ContainerTemplate& tmpl, const std::string& pinned) const;
  Status Pull(const Context& ctx, docker::Engine* engine, const Object& container,
              const v1::ContainerTemplate& tmpl, const std::string& reference) const;
  // The credentials to try, in their order. Adds to `notes` why others are none.
  Result<std::vector<docker::RegistryAuth>> Credentials(const Context& ctx, const Object& container,
                                                        const std::string& reference,
                                                        std::vector<std::string>* notes) const;

  const client::Client client_;
  runtime::EventRecorder* const recorder_;
  const runtime::Lister& revisions_;
  const runtime::Lister& services_;
};

// ImageNotFound, RegistryRefused, RegistryUnreachable or PullFailed; empty when the error is about
// something else.
std::string ImageFailure(const Error& error);

// What identifies the image for all hosts: `name@digest` under the name of `reference`, or the
// engine's id when no registry has it under that name.
std::string IdentityOf(std::string_view reference, const docker::ImageDetails& image);

}  // namespace gantry::container
