#pragma once

#include <string>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/json.h"
#include "apiserver/audit/policy.h"

namespace gantry::apiserver {

struct AuditMoment {
  AuditStage stage;
  WallTime received;
  WallTime now;
  const Response* response = nullptr;  // null at kRequestReceived
};

// An Event of audit.k8s.io/v1. `uri` is the path and query as they may be shown. Bodies are in it
// by the decision's level, if they are JSON.
Json AuditEvent(const Request& request, const AuditDecision& decision, const AuditMoment& moment,
                const std::string& uri);
// When its stage was reached: `moment.now` unless this says otherwise.
void SetStageTime(WallTime now, Json* event);
// As the audit log keeps it, with the line's end.
std::string AuditLine(const Json& event);

}  // namespace gantry::apiserver
