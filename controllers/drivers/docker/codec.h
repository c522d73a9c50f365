#pragma once

#include "apis/machinery/base/json.h"
#include "controllers/drivers/docker/types.h"

// The engine's JSON to and from our types. Pure. Unknown fields are ignored, absent ones read as
// empty: daemons of several years answer.
namespace gantry::docker {

Json EncodeContainer(const ContainerConfig& config);
Json EncodeUpdate(const ContainerUpdate& update);
Json EncodeNetwork(const NetworkConfig& config);
Json EncodeAttachment(const NetworkAttachment& attachment);
Json EncodeVolume(const VolumeConfig& config);
Json EncodeExec(const ExecConfig& config);
// The `filters` query value; empty when there is nothing to filter by.
std::string EncodeFilter(const LabelFilter& filter);

ContainerSummary DecodeContainerSummary(const Json& json);
ContainerDetails DecodeContainer(const Json& json);
ImageDetails DecodeImage(const Json& json);
NetworkDetails DecodeNetwork(const Json& json);
VolumeDetails DecodeVolume(const Json& json);
EngineInfo DecodeInfo(const Json& json);
EngineVersion DecodeVersion(const Json& json);
Event DecodeEvent(const Json& json);

}  // namespace gantry::docker
