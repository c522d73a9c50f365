#include <charconv>

#include "controllers/drivers/docker/codec.h"
#include "controllers/drivers/docker/json_fields.h"

namespace gantry::docker {
namespace {

int ToInt(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string WithoutSlash(std::string name) {
  if (!name.empty() && name[0] == '/') name.erase(0, 1);
  return name;
}

// The engine writes the year 1 for "never".
std::string RealTime(std::string time) {
  return time.compare(0, 4, "0001") == 0 ? std::string() : time;
}

PortBinding PortFromKey(const std::string& key) {
  PortBinding p;
  const size_t slash = key.find('/');
  p.container_port = ToInt(key.substr(0, slash));
  if (slash != std::string::npos) p.protocol = key.substr(slash + 1);
  return p;
}

ContainerState DecodeState(const Json& json) {
  ContainerState s;
  s.status = Text(json, "Status");
  s.running = Flag(json, "Running");
  s.oom_killed = Flag(json, "OOMKilled");
  s.exit_code = static_cast<int>(Integer(json, "ExitCode"));
  s.error = Text(json, "Error");
  s.started_at = RealTime(Text(json, "StartedAt"));
  s.finished_at = RealTime(Text(json, "FinishedAt"));
  const Json& health = Field(json, "Health");
  s.health = Text(health, "Status");
  if (s.health.empty()) s.health = "none";
  if (const Json& log = Field(health, "Log"); log.is_array()) {
    for (const Json& probe : log) {
      if (Integer(probe, "ExitCode") != 0) s.health_output = Text(probe, "Output");
    }
  }
  return s;
}

std::vector<PortBinding> DecodePorts(const Json& ports) {
  std::vector<PortBinding> out;
  if (!ports.is_object()) return out;
  for (const auto& [key, bindings] : ports.items()) {
    if (!bindings.is_array()) continue;
    for (const Json& binding : bindings) {
      PortBinding p = PortFromKey(key);
      p.host_ip = Text(binding, "HostIp");
      p.host_port = ToInt(Text(binding, "HostPort"));
      out.push_back(std::move(p));
    }
  }
  return out;
}

RestartPolicy DecodeRestart(const Json& json) {
  RestartPolicy r;
  r.name = Text(json, "Name");
  if (r.name.empty()) r.name = "no";
  r.max_retries = static_cast<int>(Integer(json, "MaximumRetryCount"));
  return r;
}

Resources DecodeResources(const Json& host) {
  Resources r;
  r.cpus = static_cast<double>(Integer(host, "NanoCpus")) / 1e9;
  r.memory_bytes = Integer(host, "Memory");
  r.memory_reservation_bytes = Integer(host, "MemoryReservation");
  return r;
}

std::optional<int64_t> OptionalInteger(const Json& json, const char* name) {
  const Json& value = Field(json, name);
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<int64_t>();
}

RunOptions DecodeRunOptions(const Json& config, const Json& host) {
  RunOptions r;
  r.domainname = Text(config, "Domainname");
  r.groups = Texts(host, "GroupAdd");
  r.init = Flag(host, "Init");
  r.read_only = Flag(host, "ReadonlyRootfs");
  r.ipc = Text(host, "IpcMode");
  r.pid = Text(host, "PidMode");
  r.uts = Text(host, "UTSMode");
  r.userns = Text(host, "UsernsMode");
  r.cgroup = Text(host, "CgroupnsMode");
  r.cgroup_parent = Text(host, "CgroupParent");
  r.runtime = Text(host, "Runtime");
  r.device_cgroup_rules = Texts(host, "DeviceCgroupRules");
  if (const Json& requests = Field(host, "DeviceRequests"); requests.is_array()) {
    for (const Json& d : requests) {
      DeviceRequest request{Text(d, "Driver"),
                            static_cast<int>(Integer(d, "Count")),
                            Texts(d, "DeviceIDs"),
                            {},
                            TextMap(d, "Options")};
      // We ask for one alternative.
      for (const Json& alternative : Field(d, "Capabilities")) {
        for (const Json& name : alternative) {
          if (name.is_string()) request.capabilities.push_back(name);
        }
      }
      r.device_requests.push_back(std::move(request));
    }
  }
  r.privileged = Flag(host, "Privileged");
  r.oom_kill_disable = Flag(host, "OomKillDisable");
  if (const Json& devices = Field(host, "Devices"); devices.is_array()) {
    for (const Json& d : devices) {
      r.devices.push_back(
          {Text(d, "PathOnHost"), Text(d, "PathInContainer"), Text(d, "CgroupPermissions")});
    }
  }
  r.shm_size_bytes = Integer(host, "ShmSize");
  if (const Json& limits = Field(host, "Ulimits"); limits.is_array()) {
    for (const Json& u : limits)
      r.ulimits.push_back({Text(u, "Name"), Integer(u, "Soft"), Integer(u, "Hard")});
  }
  r.sysctls = TextMap(host, "Sysctls");
  r.storage_options = TextMap(host, "StorageOpt");
  r.annotations = TextMap(host, "Annotations");
  r.dns_options = Texts(host, "DnsOptions");
  r.cap_add = Texts(host, "CapAdd");
  r.cap_drop = Texts(host, "CapDrop");
  r.security_options = Texts(host, "SecurityOpt");
  r.memory_swap_bytes = Integer(host, "MemorySwap");
  if (const auto swappiness = OptionalInteger(host, "MemorySwappiness"))
    r.memory_swappiness = static_cast<int>(*swappiness);
  r.pids = OptionalInteger(host, "PidsLimit");
  r.cpu_shares = Integer(host, "CpuShares");
  r.cpu_period = Integer(host, "CpuPeriod");
  r.cpu_quota = Integer(host, "CpuQuota");
  r.cpuset = Text(host, "CpusetCpus");
  r.blkio_weight = static_cast<int>(Integer(host, "BlkioWeight"));
  if (const auto score = OptionalInteger(host, "OomScoreAdj"))
    r.oom_score_adjustment = static_cast<int>(*score);
  return r;
}

std::map<std::string, NetworkEndpoint> DecodeEndpoints(const Json& networks) {
  std::map<std::string, NetworkEndpoint> out;
  if (!networks.is_object()) return out;
  for (const auto& [name, endpoint] : networks.items()) {
    out[name] = {Text(endpoint, "NetworkID"), Text(endpoint, "IPAddress"),
                 Texts(endpoint, "Aliases")};
  }
  return out;
}

}  // namespace

ContainerSummary DecodeContainerSummary(const Json& json) {
  ContainerSummary c;
  c.id = Text(json, "Id");
  for (std::string& name : Texts(json, "Names")) c.names.push_back(WithoutSlash(std::move(name)));
  c.image = Text(json, "Image");
  c.image_id = Text(json, "ImageID");
  c.state = Text(json, "State");
  c.status_text = Text(json, "Status");
  c.labels = TextMap(json, "Labels");
  return c;
}

ContainerDetails DecodeContainer(const Json& json) {
  const Json& config = Field(json, "Config");
  const Json& host = Field(json, "HostConfig");
  const Json& network = Field(json, "NetworkSettings");
  ContainerDetails c;
  c.id = Text(json, "Id");
  c.name = WithoutSlash(Text(json, "Name"));
  c.image = Text(config, "Image");
  c.image_id = Text(json, "Image");
  c.created = Text(json, "Created");
  c.state = DecodeState(Field(json, "State"));
  c.restart_count = static_cast<int>(Integer(json, "RestartCount"));
  c.tty = Flag(config, "Tty");
  c.user = Text(config, "User");
  c.run = DecodeRunOptions(config, host);
  c.labels = TextMap(config, "Labels");
  c.env = Texts(config, "Env");
  c.ports = DecodePorts(Field(network, "Ports"));
  c.networks = DecodeEndpoints(Field(network, "Networks"));
  if (const Json& mounts = Field(json, "Mounts"); mounts.is_array()) {
    for (const Json& m : mounts) {
      const std::string name = Text(m, "Name");
      c.mounts.push_back({Text(m, "Type"), name.empty() ? Text(m, "Source") : name,
                          Text(m, "Destination"), !Flag(m, "RW")});
    }
  }
  c.restart = DecodeRestart(Field(host, "RestartPolicy"));
  c.resources = DecodeResources(host);
  return c;
}

ImageDetails DecodeImage(const Json& json) {
  ImageDetails i;
  i.id = Text(json, "Id");
  i.tags = Texts(json, "RepoTags");
  i.digests = Texts(json, "RepoDigests");
  i.architecture = Text(json, "Architecture");
  i.os = Text(json, "Os");
  i.size = Integer(json, "Size");
  const auto test = Texts(Field(Field(json, "Config"), "Healthcheck"), "Test");
  i.has_healthcheck = !test.empty() && test[0] != "NONE";
  return i;
}

NetworkDetails DecodeNetwork(const Json& json) {
  NetworkDetails n;
  n.id = Text(json, "Id");
  n.name = Text(json, "Name");
  n.driver = Text(json, "Driver");
  n.labels = TextMap(json, "Labels");
  if (const Json& ranges = Field(Field(json, "IPAM"), "Config");
      ranges.is_array() && !ranges.empty()) {
    n.subnet = Text(ranges[0], "Subnet");
    n.gateway = Text(ranges[0], "Gateway");
  }
  if (const Json& containers = Field(json, "Containers"); containers.is_object()) {
    for (const auto& [id, endpoint] : containers.items()) n.containers.push_back(id);
  }
  return n;
}

VolumeDetails DecodeVolume(const Json& json) {
  return {Text(json, "Name"), Text(json, "Driver"), Text(json, "Mountpoint"),
          TextMap(json, "Labels"), TextMap(json, "Options")};
}

EngineInfo DecodeInfo(const Json& json) {
  EngineInfo i;
  i.id = Text(json, "ID");
  i.name = Text(json, "Name");
  i.version = Text(json, "ServerVersion");
  i.os_type = Text(json, "OSType");
  i.operating_system = Text(json, "OperatingSystem");
  i.architecture = Text(json, "Architecture");
  i.kernel_version = Text(json, "KernelVersion");
  i.cpus = static_cast<double>(Integer(json, "NCPU"));
  i.memory_bytes = Integer(json, "MemTotal");
  i.containers = static_cast<int>(Integer(json, "Containers"));
  i.images = static_cast<int>(Integer(json, "Images"));
  i.storage_driver = Text(json, "Driver");
  return i;
}

EngineVersion DecodeVersion(const Json& json) {
  return {Text(json, "Version"), Text(json, "ApiVersion"), Text(json, "MinAPIVersion")};
}

Event DecodeEvent(const Json& json) {
  const Json& actor = Field(json, "Actor");
  Event e;
  e.type = Text(json, "Type");
  e.action = Text(json, "Action");
  e.id = Text(actor, "ID");
  e.attributes = TextMap(actor, "Attributes");
  e.time_nano = Integer(json, "timeNano");
  return e;
}

}  // namespace gantry::docker
