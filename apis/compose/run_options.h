#pragma once

#include "apis/compose/values.h"
#include "apis/gantry.dev/v1/container_template.h"

namespace gantry::compose {

// The keys of a service that say how its process runs, what it may do, what it is called and what
// bounds it beside CPU and memory. The mounts, ports and resources of `tmpl` are read before.
void ReadRunOptions(const Field& service, v1::ContainerTemplate* tmpl, Diagnostics* diag);

// The parts of it, each by key. True when the key is its own.
bool ReadProcessKey(const std::string& key, const Field& field, v1::RunOptions* run,
                    Diagnostics* diag);
bool ReadSecurityKey(const std::string& key, const Field& field, v1::RunOptions* run,
                     Diagnostics* diag);
bool ReadIsolationKey(const std::string& key, const Field& field, v1::RunOptions* run,
                      Diagnostics* diag);
// A list of what device drivers are asked for, as in `deploy.resources.reservations.devices`.
void ReadDeviceRequests(const Field& field, std::vector<v1::RunOptions::DeviceRequest>* out,
                        Diagnostics* diag);
bool ReadNetworkKey(const std::string& key, const Field& field, v1::RunOptions* run,
                    Diagnostics* diag);
bool ReadTuningKey(const std::string& key, const Field& field, v1::RunOptions* run,
                   Diagnostics* diag);
// `cpu_shares`: a weight, or hundredths of a CPU that are limited and reserved.
void ReadCpuShares(const Field& field, bool percent, v1::ContainerTemplate* tmpl,
                   Diagnostics* diag);

}  // namespace gantry::compose
