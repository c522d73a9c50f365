#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apis/compose/values.h"

// Labels with a meaning: `gantry.<name>`, and `aliyun.<name>` for the same.
namespace gantry::compose {

struct LabelSettings {
  std::map<std::string, std::string> plain;  // the container's own labels
  std::optional<int64_t> scale;
  std::vector<KeyValue> depends;  // one entry per service named: key
  std::optional<bool> rolling_updates;
  std::optional<int64_t> parallelism;
};

// The labels of a service. A label that is known and not done yet is a warning, an unknown one an
// error; neither reaches the container.
LabelSettings ReadLabels(const Field& field, Diagnostics* diag);

// Whether `cpu_shares` counts hundredths of a CPU: in templates with a label spelled `aliyun.`, or
// with `gantry.cpu_shares_unit: percent`. `services` are those of the document.
bool CpuSharesArePercent(const Json& services);

// The labels at the top of a template.
void CheckTopLevelLabels(const Field& field, Diagnostics* diag);

}  // namespace gantry::compose
