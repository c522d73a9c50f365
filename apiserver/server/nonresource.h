#pragma once

#include "apiserver/http/handler.h"
#include "apiserver/server/backup.h"
#include "apiserver/server/health.h"

namespace gantry::apiserver {

// Answers /healthz, /livez, /readyz, /metrics, /version, /backup and `/`, and gives everything else
// to `next`. `health` and `backup` must outlive the result.
Handler WithNonResourcePaths(Handler next, const HealthChecks* health, BackupEndpoint* backup);

// The version of Kubernetes' API that is spoken, as clients expect to find it in /version.
inline constexpr char kGitVersion[] = "v1.32.0+gantry-0.1.0";

}  // namespace gantry::apiserver
