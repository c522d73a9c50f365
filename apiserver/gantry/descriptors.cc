#include "apiserver/gantry/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "apis/machinery/base/log.h"

namespace gantry::program {
namespace {

// The engine of the store keeps up to 256 files open; the rest is for engines of nodes, logs, exec.
constexpr size_t kReserved = 512;

}  // namespace

size_t RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  rlimit raised = limit;
  raised.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
    limit = raised;
  } else {
    LOG_WARN("limit of open files stays", {"limit", static_cast<int64_t>(limit.rlim_cur)},
             {"error", std::strerror(errno)});
  }
  const size_t descriptors = limit.rlim_cur;
  return descriptors - std::min(kReserved, descriptors / 2);
}

}  // namespace gantry::program
