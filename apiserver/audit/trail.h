#pragma once

#include "apiserver/audit/log.h"
#include "apiserver/audit/policy.h"

namespace gantry::apiserver {

// What requests pass on their way: what to record, and where.
struct AuditTrail {
  AuditPolicy policy;
  std::unique_ptr<AuditLog> log;
};

}  // namespace gantry::apiserver
