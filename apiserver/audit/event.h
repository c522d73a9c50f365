#pragma once

#include <string>

#include "apis/machinery/base/clock.h"
#include "apiserver/audit/policy.h"

namespace gantry::apiserver {

struct AuditMoment {
  AuditStage stage;
  WallTime received;
  WallTime now;
  const Response* response = nullptr;  // null at kRequestReceived
};

// One line of the audit log, with its newline: an Event of audit.k8s.io/v1. `uri` is the path and
// query as they may be shown. Bodies are in it by the decision's level, if they are JSON.
std::string AuditLine(const Request& request, const AuditDecision& decision,
                      const AuditMoment& moment, const std::string& uri);

}  // namespace gantry::apiserver
