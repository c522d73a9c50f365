#pragma once

#include "apis/machinery/meta/object.h"

// metav1.Condition in `status.conditions[]`, keyed by type.
namespace gantry {

struct Condition {
  std::string type;
  std::string status;  // True | False | Unknown
  std::string reason;  // CamelCase, required
  std::string message;
  int64_t observed_generation = 0;  // 0: none, and left out
};

// Sets one condition in `status`; lastTransitionTime moves only when the status value changes.
// Returns whether anything changed.
bool SetCondition(Json* status, const Condition& condition, WallTime now);
bool RemoveCondition(Json* status, std::string_view type);
// Null when absent.
const Json* FindCondition(const Json& status, std::string_view type);
bool IsConditionTrue(const Json& status, std::string_view type);

}  // namespace gantry
