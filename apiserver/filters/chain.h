#pragma once

#include "apiserver/filters/filters.h"

namespace gantry::apiserver {

struct FilterConfig {
  const Authenticator* authenticator = nullptr;
  const Authorizer* authorizer = nullptr;
  InFlightLimits in_flight;
  Duration request_limit = std::chrono::seconds(60);
  Duration slow = std::chrono::seconds(1);  // requests that take longer are logged
  ServedPredicate served;                   // which resources metrics name; empty: none
  Revocations* revocations = nullptr;       // null: streams go on whatever changes
  RunningRequests* running = nullptr;       // null: nobody looks
  const AuditTrail* audit = nullptr;        // null: nothing is recorded
  Clock* clock = Clock::Real();
  Random* random = Random::Real();
};

// `endpoint` behind all filters. What `config` names must outlive the result.
Handler BuildFilterChain(Handler endpoint, const FilterConfig& config);

}  // namespace gantry::apiserver
