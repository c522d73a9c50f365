#include "apiserver/audit/event.h"
#include "apiserver/audit/trail.h"
#include "apiserver/filters/filters.h"
#include "apiserver/filters/observed_body.h"

namespace gantry::apiserver {
namespace {

void Record(const Request& request, const AuditDecision& decision, const AuditMoment& moment,
            AuditLog* log) {
  if (!decision.Records(moment.stage)) return;
  log->Write(AuditLine(AuditEvent(request, decision, moment, LoggableUri(request))));
}

// The event about the end of a stream is made at its start, for the request does not live so long.
void RecordStream(const Request& request, const AuditDecision& decision, AuditMoment moment,
                  Clock* clock, AuditLog* log, Response* response) {
  moment.stage = AuditStage::kResponseStarted;
  Record(request, decision, moment, log);
  moment.stage = AuditStage::kResponseComplete;
  if (!decision.Records(moment.stage)) return;
  Json event = AuditEvent(request, decision, moment, LoggableUri(request));
  ObserveBody(response, [event = std::move(event), clock, log](size_t) mutable {
    SetStageTime(clock->Now(), &event);
    log->Write(AuditLine(event));
  });
}

Task<Response> Audited(Request& request, const Handler& next, Clock* clock,
                       const AuditTrail* trail) {
  const AuditDecision decision = trail->policy.Decide(request);
  if (decision.level == AuditLevel::kNone) {
    Response response = co_await next(request);
    co_return response;
  }
  AuditMoment moment{AuditStage::kRequestReceived, clock->Now(), clock->Now()};
  Record(request, decision, moment, trail->log.get());
  Response response;
  try {
    response = co_await next(request);
  } catch (...) {
    response.status = 500;
    moment = {AuditStage::kResponseComplete, moment.received, clock->Now(), &response};
    Record(request, decision, moment, trail->log.get());
    throw;
  }
  moment.now = clock->Now();
  moment.response = &response;
  if (response.stream || response.websocket) {
    RecordStream(request, decision, moment, clock, trail->log.get(), &response);
  } else {
    moment.stage = AuditStage::kResponseComplete;
    Record(request, decision, moment, trail->log.get());
  }
  co_return response;
}

Task<Response> RefusalAudited(Request& request, const Handler& next, Clock* clock,
                              const AuditTrail* trail) {
  const WallTime received = clock->Now();
  Response response = co_await next(request);
  if (response.status == 401 && request.user.name.empty()) {
    const AuditDecision decision{AuditLevel::kMetadata};
    Record(request, decision, {AuditStage::kResponseComplete, received, clock->Now(), &response},
           trail->log.get());
  }
  co_return response;
}

}  // namespace

Handler WithAudit(Handler next, Clock* clock, const AuditTrail* trail) {
  return [next = std::move(next), clock, trail](Request& request) {
    return Audited(request, next, clock, trail);
  };
}

Handler WithRefusalAudit(Handler next, Clock* clock, const AuditTrail* trail) {
  return [next = std::move(next), clock, trail](Request& request) {
    return RefusalAudited(request, next, clock, trail);
  };
}

}  // namespace gantry::apiserver
