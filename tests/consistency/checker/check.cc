#include "tests/consistency/checker/check.h"

#include "tests/consistency/checker/lists.h"
#include "tests/consistency/checker/log.h"
#include "tests/consistency/checker/order.h"
#include "tests/consistency/checker/watches.h"

namespace gantry::consistency {

Report Check(const History& history, const CheckOptions& options) {
  Report report;
  Log log(history, &report);
  log.Explain(history, &report);
  const Progress progress(history, log);
  CheckOrder(history, log, &report);
  CheckLists(history, log, progress, options.resumable_within, &report);
  CheckWatches(history, log, progress, options.resumable_within, &report);
  return report;
}

}  // namespace gantry::consistency
