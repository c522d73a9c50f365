#pragma once

#include "apiserver/http/handler.h"
#include "apiserver/server/audit_endpoint.h"
#include "apiserver/server/backup.h"
#include "apiserver/server/debug_page.h"
#include "apiserver/server/encryption_endpoint.h"
#include "apiserver/server/health.h"
#include "apiserver/service_accounts/tokens.h"

namespace gantry::apiserver {

// Answers /healthz, /livez, /readyz, /metrics, /version, /backup, /audit, /encryption, `/`, with
// `debug` /debug/gantry, and with `tokens` what others verify them by
// (/.well-known/openid-configuration and /openid/v1/jwks), and gives everything else to `next`.
// What is pointed to must outlive the result.
Handler WithNonResourcePaths(Handler next, const HealthChecks* health, BackupEndpoint* backup,
                             AuditEndpoint* audit, EncryptionEndpoint* encryption,
                             const DebugPage* debug, const ServiceAccountTokens* tokens);

// Answers /metrics and /debug/gantry of a process that is no API server.
Handler WithProcessPaths(Handler next, const DebugPage* debug);

// The version of Kubernetes' API that is spoken, as clients expect to find it in /version.
inline constexpr char kGitVersion[] = "v1.32.0+gantry-0.1.0";

}  // namespace gantry::apiserver
