#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/result.h"

// Kubernetes' remote command protocol over WebSocket, for both of its ends: the first byte of every
// frame is its channel, and a Status ends the command. Pure.
namespace gantry::nodeproxy {

inline constexpr char kExecProtocol5[] = "v5.channel.k8s.io";  // can close standard input
inline constexpr char kExecProtocol4[] = "v4.channel.k8s.io";

// What a frame carries. kFrameResize: {"Width":80,"Height":24}. kFrameClose (v5): the channel to
// close, as a byte.
enum FrameChannel : char {
  kFrameStdin = 0,
  kFrameStdout = 1,
  kFrameStderr = 2,
  kFrameStatus = 3,
  kFrameResize = 4,
  kFrameClose = static_cast<char>(255),
};
std::string MakeFrame(FrameChannel channel, std::string_view bytes);

// The Status that ends a command: Success, NonZeroExitCode with the code as a cause, or an error.
Json ExecStatus(const Result<int>& result);
// The exit code that such a Status stands for, or its error; kInternal when it is none.
Result<int> ReadExecStatus(std::string_view text);

}  // namespace gantry::nodeproxy
