#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "controllers/drivers/docker/run_options.h"

// What goes to and comes from a Docker Engine, free of its JSON. Plain values.
namespace gantry::docker {

using StringMap = std::map<std::string, std::string>;

struct EngineVersion {
  std::string version;      // 20.10.24
  std::string api_version;  // the newest that the daemon speaks
  std::string min_api_version;
};

struct EngineInfo {
  std::string id;  // changes only with the daemon's data directory
  std::string name;
  std::string version;
  std::string os_type;  // linux
  std::string operating_system;
  std::string architecture;  // x86_64
  std::string kernel_version;
  double cpus = 0;
  int64_t memory_bytes = 0;
  int containers = 0;
  int images = 0;
  std::string storage_driver;
};

struct PortBinding {
  int container_port = 0;
  std::string protocol = "tcp";
  std::string host_ip;           // empty: all addresses
  std::optional<int> host_port;  // 0: the engine chooses; empty: not published
};

struct Mount {
  std::string type;    // volume | bind | tmpfs
  std::string source;  // volume name or host path; empty: an anonymous volume
  std::string target;
  bool read_only = false;
  bool no_copy = false;
  // Of tmpfs.
  int64_t size_bytes = 0;              // 0: the engine's default
  std::optional<int> mode{};           // permissions of the root
  std::vector<std::string> options{};  // noexec, uid=1000
  std::string sub_path{};              // inside a volume; needs API 1.45
  std::string propagation{};           // of a host path
};

struct Healthcheck {
  std::vector<std::string> test;  // NONE | CMD args... | CMD-SHELL line; empty: the image's
  Duration interval{};            // zero: the engine's default; so below
  Duration timeout{};
  Duration start_period{};
  int retries = 0;
};

struct NetworkAttachment {
  std::string network;  // name or id
  std::vector<std::string> aliases;
  std::string ipv4;                  // empty: the engine chooses
  std::vector<std::string> links{};  // name:alias, names that only this container has for others
};

struct Resources {
  double cpus = 0;  // zero: no limit; so below
  int64_t memory_bytes = 0;
  int64_t memory_reservation_bytes = 0;
};

struct RestartPolicy {
  std::string name = "no";  // no | always | on-failure | unless-stopped
  int max_retries = 0;
};

// The wish for a container.
struct ContainerConfig {
  std::string name;
  std::string image;
  std::string platform;  // os/arch; empty: the engine's
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> command;
  std::vector<std::string> env;  // NAME=value
  StringMap labels;
  std::string working_dir;
  std::string user;
  std::string hostname;
  bool tty = false;
  bool open_stdin = false;
  std::string stop_signal;
  std::optional<int> stop_timeout_seconds;
  std::optional<Healthcheck> healthcheck;
  std::vector<PortBinding> ports;
  std::vector<Mount> mounts;
  RestartPolicy restart;
  Resources resources;
  std::string log_driver;  // empty: the daemon's default
  StringMap log_options;
  std::vector<std::string> dns;
  std::vector<std::string> dns_search;
  std::vector<std::string> extra_hosts;      // name:address
  std::optional<NetworkAttachment> network;  // empty: the engine's default network
  RunOptions run;
};

// One line of the list of containers.
struct ContainerSummary {
  std::string id;
  std::vector<std::string> names;  // without the leading slash
  std::string image;
  std::string image_id;
  std::string state;  // created | running | paused | restarting | removing | exited | dead
  std::string status_text;
  StringMap labels;
};

struct ContainerState {
  std::string status;  // as ContainerSummary::state
  bool running = false;
  bool oom_killed = false;
  int exit_code = 0;
  std::string error;          // why the last start failed
  std::string started_at;     // RFC 3339; empty: never
  std::string finished_at;    // RFC 3339; empty: never
  std::string health;         // none | starting | healthy | unhealthy
  std::string health_output;  // of the last failed probe
};

struct NetworkEndpoint {
  std::string network_id;
  std::string ip;
  std::vector<std::string> aliases;
};

struct ContainerDetails {
  std::string id;
  std::string name;
  std::string image;     // as asked for
  std::string image_id;  // what runs
  std::string created;
  ContainerState state;
  int restart_count = 0;  // by the engine's restart policy
  bool tty = false;
  StringMap labels;
  std::vector<std::string> env;
  std::vector<PortBinding> ports;                   // published ones, host_port set
  std::map<std::string, NetworkEndpoint> networks;  // by name
  std::vector<Mount> mounts;
  RestartPolicy restart;
  Resources resources;
  std::string user;
  RunOptions run;
};

// Changes that a container takes without being made anew; empty members stay.
struct ContainerUpdate {
  std::optional<Resources> resources;
  std::optional<RestartPolicy> restart;
};

struct ImageDetails {
  std::string id;
  std::vector<std::string> tags;
  std::vector<std::string> digests;  // name@sha256:...
  std::string architecture;
  std::string os;
  int64_t size = 0;
  bool has_healthcheck = false;
};

struct RegistryAuth {
  std::string username;
  std::string password;
  std::string server;
};

struct NetworkConfig {
  std::string name;
  std::string driver = "bridge";
  StringMap labels;
  StringMap options;
  std::string subnet;  // empty: the engine chooses
  std::string gateway;
  bool internal = false;
  bool attachable = false;
};

struct NetworkDetails {
  std::string id;
  std::string name;
  std::string driver;
  StringMap labels;
  std::string subnet;
  std::string gateway;
  std::vector<std::string> containers;  // ids; only from InspectNetwork
};

struct VolumeConfig {
  std::string name;
  std::string driver = "local";
  StringMap driver_options;
  StringMap labels;
};

struct VolumeDetails {
  std::string name;
  std::string driver;
  std::string mountpoint;
  StringMap labels;
  StringMap driver_options;
};

struct LogOptions {
  bool follow = false;
  bool timestamps = false;
  std::optional<int64_t> tail;  // empty: all
  std::string since;            // unix seconds with a fraction; empty: from the start
  bool tty = false;             // of the container: its output is then one raw stream
};

struct ExecConfig {
  std::vector<std::string> command;
  std::vector<std::string> env;
  std::string working_dir;
  std::string user;
  bool attach_stdin = false;
  bool attach_stdout = true;
  bool attach_stderr = true;
  bool tty = false;
};

struct ExecState {
  bool running = false;
  int exit_code = 0;
};

enum class OutputChannel { kStdout, kStderr };

struct OutputFrame {
  OutputChannel channel = OutputChannel::kStdout;
  std::string bytes;
};

struct Event {
  std::string type;    // container | image | network | volume | daemon
  std::string action;  // create, start, die, destroy, "health_status: healthy" ...
  std::string id;
  StringMap attributes;   // labels of the object among them
  int64_t time_nano = 0;  // by the daemon's clock
};

// Ands all members; an empty value matches any value of the label.
struct LabelFilter {
  StringMap labels;
};

}  // namespace gantry::docker
