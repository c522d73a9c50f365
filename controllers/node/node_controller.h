#pragma once

#include "controllers/hosts/host_pool.h"
#include "controllers/runtime/manager.h"

namespace gantry::node {

// Asks each Node's engine how it is, every few seconds, and keeps the Node's status: the Ready
// condition, what the engine and the host are, and what they carry. Status is written when it
// changes, and a heartbeat at most every five minutes. `manager` and `hosts` outlive the
// controller.
void AddNodeController(runtime::Manager* manager, hosts::HostPool* hosts);

// The Ready condition's reasons.
inline constexpr char kReasonReady[] = "EngineReady";
inline constexpr char kReasonUnreachable[] = "EngineUnreachable";
inline constexpr char kReasonInvalid[] = "InvalidConnection";

}  // namespace gantry::node
