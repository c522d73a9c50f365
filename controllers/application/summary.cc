#include "controllers/application/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/gantry.dev/v1/types.h"
#include "apis/machinery/meta/condition.h"

namespace gantry::application {
namespace {

// The status speaks of the present spec, and Ready does (a look at the spec may have failed).
bool Current(const Object& service) {
  const int64_t present = service.generation();
  const Json* ready = FindCondition(service.status(), "Ready");
  return GetInt(service.status(), "observedGeneration") >= present &&
         (!ready || GetInt(*ready, "observedGeneration", present) >= present);
}

std::string ConditionField(const Object& o, std::string_view type, const char* field) {
  const Json* c = FindCondition(o.status(), type);
  return c ? GetString(*c, field) : "";
}

}  // namespace

Summary Summarize(const std::vector<std::string>& names, const std::vector<ObjectPtr>& services) {
  Summary sum;
  sum.services = static_cast<int>(names.size());
  for (const std::string& name : names) {
    const auto it = std::find_if(services.begin(), services.end(),
                                 [&](const ObjectPtr& s) { return s->name() == name; });
    if (it == services.end()) {
      if (sum.complaint.empty()) sum.complaint = name + ": not made yet";
      continue;
    }
    const Object& s = **it;
    const Json& status = s.status();
    const v1::ServiceSpec spec = v1::ServiceSpec::From(s);
    sum.containers +=
        static_cast<int>(Current(s) || spec.mode == "Global" ? GetInt(status, "wantedReplicas")
                                                             : (spec.stopped ? 0 : spec.replicas));
    sum.containers_ready +=
        static_cast<int>(GetInt(status, "readyReplicas") + GetInt(status, "completedReplicas"));
    sum.containers_existing += static_cast<int>(GetInt(status, "replicas"));
    if (ConditionField(s, "Progressing", "reason") == "RolloutInProgress" || !Current(s))
      sum.rolling = true;
    if (Current(s) && IsConditionTrue(status, "Ready")) {
      ++sum.services_ready;
    } else if (sum.complaint.empty()) {
      const std::string why = ConditionField(s, "Ready", "message");
      sum.complaint = fmt::format("{}: {}", name, why.empty() ? "not looked at yet" : why);
    }
  }
  return sum;
}

std::string NextPhase(const std::string& previous, const Summary& summary, bool stopped,
                      bool changed) {
  if (stopped) return summary.containers_existing == 0 ? "Stopped" : "Releasing";
  if (summary.services_ready == summary.services && !changed) return "Running";
  const bool ran = previous == "Running" || previous == "Degraded" || previous == "Releasing" ||
                   previous == "Stopped" || previous == "Failed";
  if (!ran) return "Pending";
  if (changed || summary.rolling) return "Releasing";
  // A release is over when the services stop changing; what then does not serve has failed it.
  return "Degraded";
}

}  // namespace gantry::application
