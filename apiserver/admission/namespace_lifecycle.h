#pragma once

#include "apiserver/admission/admission.h"

namespace gantry::apiserver {

// Objects are created only in a namespace that exists and is not being deleted.
Status NamespaceLifecycle(CacheSet* caches, const AdmissionRequest& request);

}  // namespace gantry::apiserver
