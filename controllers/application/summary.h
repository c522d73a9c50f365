#pragma once

#include <string>
#include <vector>

#include "apis/machinery/meta/object.h"

// What the services of an application add up to. Pure.
namespace gantry::application {

struct Summary {
  int services = 0;
  int services_ready = 0;
  int containers = 0;        // wanted
  int containers_ready = 0;  // or ended with success
  int containers_existing = 0;
  bool rolling = false;   // some service replaces containers
  std::string complaint;  // of the first service that is not ready
};

// `names`: the services that the template has; `services`: the objects that exist.
Summary Summarize(const std::vector<std::string>& names, const std::vector<ObjectPtr>& services);

// The phase that follows on `previous`, for an application whose template is fine. `changed`: its
// spec is newer than its last status.
std::string NextPhase(const std::string& previous, const Summary& summary, bool stopped,
                      bool changed);

}  // namespace gantry::application
