#pragma once

#include <string>
#include <vector>

#include "kubectl-plugin/selection.h"

// Applications and Services, on which the verbs of their lifecycle act.
namespace gantry::kubectl {

struct Workload {
  const ServedResource* type;
  ObjectKey key;
  bool application = false;
};

// `app/shop`, `service/shop-web`, `TYPE NAME...`, or `app/shop/web`: service web of application
// shop, by its name in the Compose document. Local error for other types.
Result<std::vector<Workload>> SelectWorkloads(Session& session,
                                              const std::vector<std::string>& words);

// Waits until status speaks of the present spec and `Ready` has this status (and reason, when it is
// given), and shows how far it is meanwhile.
Status AwaitReadiness(Session& session, const Workload& workload, const std::string& status,
                      const std::string& reason, const std::string& timeout);

// Makes all containers anew, by the annotation that says so.
Status RestartWorkload(Session& session, const Workload& workload);

}  // namespace gantry::kubectl
