#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// The named checks behind /healthz, /livez and /readyz. Add before serving; Answer is thread-safe.
class HealthChecks {
 public:
  using Check = std::function<Status()>;

  // `check` must be quick and thread-safe. One that only says whether to send requests (not whether
  // to restart the process) has `ready_only`.
  void Add(std::string name, bool ready_only, Check check);

  // The answer to a path that IsHealthPath accepts: `ok`, or 500 and which checks failed; with
  // `?verbose` every check on a line; `/readyz/store` is one check alone.
  Response Answer(std::string_view path, const Query& query) const;

 private:
  struct Named {
    std::string name;
    bool ready_only;
    Check check;
  };
  std::vector<Named> checks_;
};

}  // namespace gantry::apiserver
