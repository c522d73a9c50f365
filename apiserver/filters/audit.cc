#include "apiserver/audit/event.h"
#include "apiserver/audit/trail.h"
#include "apiserver/filters/filters.h"
#include "apiserver/filters/observed_body.h"

namespace gantry::apiserver {
namespace {

void Record(const Request& request, const AuditDecision& decision, const AuditMoment& moment,
            AuditLog* log) {
  if (!decision.Records(moment.stage)) return;
  log->Write(AuditLine(request, decision, moment, LoggableUri(request)));
}

// The line about the end of a stream is made at its start, for the request does not live so long;
// only the time is put in when it ends.
void RecordStream(const Request& request, const AuditDecision& decision, AuditMoment moment,
                  Clock* clock, AuditLog* log, Response* response) {
  moment.stage = AuditStage::kResponseStarted;
  Record(request, decision, moment, log);
  moment.stage = AuditStage::kResponseComplete;
  if (!decision.Records(moment.stage)) return;
  std::string line = AuditLine(request, decision, moment, LoggableUri(request));
  const std::string begun = "\"stageTimestamp\":\"" + FormatMicroTime(moment.now) + "\"";
  const size_t at = line.rfind(begun);
  ObserveBody(response, [line = std::move(line), at, size = begun.size(), clock, log](size_t) {
    std::string ended = line;
    ended.replace(at, size, "\"stageTimestamp\":\"" + FormatMicroTime(clock->Now()) + "\"");
    log->Write(std::move(ended));
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
