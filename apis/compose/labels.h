#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apis/compose/keys.h"
#include "apis/compose/values.h"
#include "apis/gantry.dev/v1/types.h"

// Labels with a meaning: `gantry.<name>`, and `aliyun.<name>` for the same.
namespace gantry::compose {

struct LabelSettings {
  std::map<std::string, std::string> plain;  // the container's own labels
  std::optional<int64_t> scale;
  std::vector<KeyValue> depends;  // one entry per service named: key
  std::optional<bool> rolling_updates;
  std::optional<int64_t> parallelism;
  std::optional<bool> global;
  // A health check by command; the engine runs it.
  std::optional<v1::ContainerTemplate::Healthcheck> probe;
  std::string probe_place;
  // External balancers: the label, the container's port, and `name:port`.
  struct Listener {
    std::string place;
    int container_port = 0;
    std::string front;
  };
  std::vector<Listener> listeners;
  v1::Placement placement;  // from labels in the style of Swarm
};

// One entry of the table of labels.
struct KnownLabel {
  enum class Where { kService, kTop };
  Where where;
  const char* name;  // one that ends with `*` stands for every name that begins so
  Treatment treatment;
  const char* subject;  // what is not acted on yet; empty for those that are done
};
const std::vector<KnownLabel>& KnownLabels();

// The labels of a service called `self`. A label that is known and not acted on yet is checked by
// its format and is a warning, an unknown one an error; neither reaches the container.
LabelSettings ReadLabels(const Field& field, const std::string& self, Diagnostics* diag);

// Whether `cpu_shares` counts hundredths of a CPU: in templates with a label spelled `aliyun.`, or
// with `gantry.cpu_shares_unit: percent`. `services` are those of the document.
bool CpuSharesArePercent(const Json& services);

// The labels at the top of a template. True for a batch: its services run to their end, once.
bool CheckTopLevelLabels(const Field& field, Diagnostics* diag);

}  // namespace gantry::compose
