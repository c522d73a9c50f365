#include "apis/nodeproxy/channels.h"

#include <fmt/format.h>

#include <cstdlib>

#include "apis/machinery/meta/object.h"
#include "apis/machinery/meta/status.h"

namespace gantry::nodeproxy {

std::string MakeFrame(FrameChannel channel, std::string_view bytes) {
  std::string frame(1, channel);
  frame += bytes;
  return frame;
}

Json ExecStatus(const Result<int>& result) {
  if (!result.ok()) return StatusJson(result.error());
  if (*result == 0) return SuccessJson();
  const std::string code = std::to_string(*result);
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", Json::object()},
          {"status", "Failure"},
          {"reason", "NonZeroExitCode"},
          {"message", "command terminated with non-zero exit code: exit status " + code},
          {"details", {{"causes", {{{"reason", "ExitCode"}, {"message", code}}}}}}};
}

Result<int> ReadExecStatus(std::string_view text) {
  const Result<Json> status = ParseJson(text);
  if (!status.ok() || !status->is_object())
    return Error(Code::kInternal, fmt::format("unreadable status of the command: {}", text));
  if (GetString(*status, "status") == "Success") return 0;
  if (GetString(*status, "reason") == "NonZeroExitCode") {
    for (const Json& cause : GetArray(GetObject(*status, "details"), "causes")) {
      if (GetString(cause, "reason") == "ExitCode") {
        return static_cast<int>(std::strtol(GetString(cause, "message").c_str(), nullptr, 10));
      }
    }
  }
  return ErrorFromStatus(static_cast<int>(GetInt(*status, "code", 500)), text);
}

}  // namespace gantry::nodeproxy
