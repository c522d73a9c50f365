#include "apiserver/admission/admission.h"

#include "apiserver/admission/namespace_lifecycle.h"

namespace gantry::apiserver {

Status Admit(CacheSet* caches, const AdmissionRequest& request) {
  using Plugin = Status (*)(CacheSet*, const AdmissionRequest&);
  static constexpr Plugin kPlugins[] = {
      NamespaceLifecycle,
  };
  for (const Plugin plugin : kPlugins) GANTRY_TRY(plugin(caches, request));
  return OkStatus();
}

}  // namespace gantry::apiserver
