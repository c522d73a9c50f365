#pragma once

#include "apis/machinery/base/thread_pool.h"
#include "apiserver/audit/log.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// GET /audit: the records of the audit log, from the oldest on, a JSON line each. The query narrows
// them: `user`, `verb`, `resource`, `namespace`, `name`, and `since` and `until` as RFC 3339 times.
// Bodies that it gave out must be gone before the destructor is called. Thread-safe.
class AuditEndpoint {
 public:
  // `log` outlives this; null: there is no log, and 404 says so.
  explicit AuditEndpoint(AuditLog* log) : log_(log) {}

  Task<Response> Answer(Request& request);

 private:
  AuditLog* const log_;
  ThreadPool pool_{2};  // whoever reads slowly keeps a thread
};

}  // namespace gantry::apiserver
