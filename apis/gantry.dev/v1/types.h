#pragma once

#include "apis/gantry.dev/v1/container_template.h"
#include "apis/gantry.dev/v1/placement.h"
#include "apis/gantry.dev/v1/resources.h"

// Typed views of gantry.dev/v1 specs. The JSON object stays the carrier: a view reads what it knows
// and never fails (the server has validated and defaulted); unknown fields survive in the object.
namespace gantry::v1 {

struct NodeSpec {
  struct SecretRef {
    std::string ns;
    std::string name;
  };
  std::string cluster = "default";
  std::string endpoint;
  std::optional<SecretRef> tls_secret;
  bool insecure = false;
  bool unschedulable = false;
  static NodeSpec From(const Object& o);
};

struct ApplicationSpec {
  struct Source {
    bool secret = false;
    std::string name;
  };
  std::string cluster = "default";
  std::string version;
  std::string compose;
  std::map<std::string, std::string> parameters;
  std::vector<Source> parameters_from;
  std::vector<std::string> profiles;
  std::string update_type = "Rolling";
  std::vector<std::string> image_pull_secrets;
  int revision_history_limit = 10;
  bool stopped = false;
  bool paused = false;
  static ApplicationSpec From(const Object& o);
};

struct ServiceSpec {
  struct Dependency {
    std::string service;
    std::string condition = "Started";
  };
  std::string cluster = "default";
  std::string mode = "Replicated";
  int replicas = 1;
  bool stopped = false;
  bool paused = false;
  std::vector<std::string> image_pull_secrets;
  ContainerTemplate tmpl;
  Placement placement;
  int min_ready_seconds = 2;
  std::string strategy_type = "Rolling";
  int max_in_flight = 1;
  std::string order = "StopFirst";
  std::vector<Dependency> depends_on;
  int revision_history_limit = 10;
  static ServiceSpec From(const Object& o);
  Json ToJson() const;
};

struct ContainerSpec {
  std::string cluster = "default";
  std::string node_name;  // empty: not placed yet
  std::string revision;
  bool stopped = false;
  int min_ready_seconds = 2;
  ContainerTemplate tmpl;
  Placement placement;
  static ContainerSpec From(const Object& o);
};

struct ContainerStatus {
  std::string phase;
  bool ready = false;
  std::string message;
  std::string container_id;
  int restart_count = 0;
  static ContainerStatus From(const Object& o);
};

struct VolumeSpec {
  std::string cluster = "default";
  std::string driver = "local";
  std::string reclaim_policy = "Delete";
  static VolumeSpec From(const Object& o);
};

}  // namespace gantry::v1
