#include "apis/machinery/meta/condition.h"

namespace gantry {

bool SetCondition(Json* status, const Condition& condition, WallTime now) {
  Json& all = (*status)["conditions"];
  if (!all.is_array()) all = Json::array();
  Json next = {{"type", condition.type},
               {"status", condition.status},
               {"reason", condition.reason},
               {"message", condition.message}};
  // 0 is no generation: kinds without one must not look as if they lagged behind.
  if (condition.observed_generation > 0) next["observedGeneration"] = condition.observed_generation;
  for (Json& have : all) {
    if (GetString(have, "type") != condition.type) continue;
    const bool same_status = GetString(have, "status") == condition.status;
    next["lastTransitionTime"] =
        same_status ? GetString(have, "lastTransitionTime", FormatTime(now)) : FormatTime(now);
    if (have == next) return false;
    have = std::move(next);
    return true;
  }
  next["lastTransitionTime"] = FormatTime(now);
  all.push_back(std::move(next));
  return true;
}

bool RemoveCondition(Json* status, std::string_view type) {
  Json& all = (*status)["conditions"];
  if (!all.is_array()) return false;
  for (auto it = all.begin(); it != all.end(); ++it) {
    if (GetString(*it, "type") == type) {
      all.erase(it);
      return true;
    }
  }
  return false;
}

const Json* FindCondition(const Json& status, std::string_view type) {
  for (const Json& c : GetArray(status, "conditions")) {
    if (GetString(c, "type") == type) return &c;
  }
  return nullptr;
}

bool IsConditionTrue(const Json& status, std::string_view type) {
  const Json* c = FindCondition(status, type);
  return c && GetString(*c, "status") == "True";
}

}  // namespace gantry
