#pragma once

#include "apis/gantry.dev/v1/resources.h"

namespace gantry::v1 {

// Annotations of an Application or a Service that ask for something, as a field of its spec would:
// a change of one raises metadata.generation, so that status.observedGeneration tells whether it
// was seen.
inline constexpr const char* kRequestAnnotations[] = {
    kAnnotationRestartedAt, kAnnotationRedeployedAt, kAnnotationRescheduledAt,
    kAnnotationPinnedImage};

}  // namespace gantry::v1
