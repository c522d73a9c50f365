#pragma once

#include "apis/gantry.dev/v1/run_options.h"
#include "apis/machinery/meta/object.h"

namespace gantry::v1 {

// What a container is made from: `spec.template` of Service, ServiceRevision and Container.
struct ContainerTemplate {
  struct KeyRef {
    std::string name;
    std::string key;
  };
  struct EnvVar {
    std::string name;
    std::string value;
    std::optional<KeyRef> secret;
    std::optional<KeyRef> config_map;
  };
  struct Port {
    int container_port = 0;
    std::optional<int> host_port;  // 0: the engine chooses; empty: not published
    std::string host_ip;
    std::string protocol = "tcp";
  };
  struct Mount {
    std::string type;    // volume | bind | tmpfs
    std::string source;  // Volume name or host path; empty: anonymous volume
    std::string target;
    bool read_only = false;
    bool no_copy = false;
    // Of tmpfs.
    int64_t size_bytes = 0;              // 0: the engine's default
    std::optional<int> mode{};           // permissions, as a number
    std::vector<std::string> options{};  // further ones of mount(8): noexec, uid=1000
    std::string sub_path{};              // inside a volume
    std::string propagation{};           // of a host path
  };
  struct Healthcheck {
    std::vector<std::string> test;
    double interval_seconds = 0;  // 0: the engine's default; so below
    double timeout_seconds = 0;
    double start_period_seconds = 0;
    int retries = 0;
  };
  struct Resources {
    double cpus = 0;  // 0: none; so below
    int64_t memory_bytes = 0;
  };

  std::string image;
  std::string pull_policy = "IfNotPresent";
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> command;
  std::vector<EnvVar> env;
  std::vector<Port> ports;
  std::vector<Mount> mounts;
  std::map<std::string, std::string> labels;
  std::string restart_policy = "always";
  int restart_max_retries = 0;
  std::optional<Healthcheck> healthcheck;
  int stop_grace_period_seconds = 10;
  Resources limits;
  Resources reservations;
  RunOptions run;

  static ContainerTemplate From(const Json& json);
  // Leaves out what is empty or default.
  Json ToJson() const;
};

}  // namespace gantry::v1
