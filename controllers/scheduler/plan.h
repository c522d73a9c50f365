#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "apis/gantry.dev/v1/types.h"

// Where a container goes. Pure: no I/O, no clock, no chance.
namespace gantry::scheduler {

// A fixed host port. An empty host_ip is every address.
struct HostPort {
  int port = 0;
  std::string protocol;
  std::string host_ip;
  bool Collides(const HostPort& other) const;
  std::string ToString() const;
  auto operator<=>(const HostPort&) const = default;
};

// What one container asks of a node.
struct Demand {
  std::string service;  // `<namespace>/<service>`, for spreading
  double cpus = 0;
  int64_t memory_bytes = 0;
  std::vector<HostPort> ports;
  std::vector<std::string> volumes;  // `<namespace>/<name>`
  v1::Placement placement;
};

struct NodeState {
  std::string name;
  bool ready = false;
  bool unschedulable = false;
  bool deleting = false;
  std::map<std::string, std::string> facts;  // v1::NodeFacts, where the demand has constraints
  double cpus = 0;                           // 0: unknown, not a bound; so below
  int64_t memory_bytes = 0;
  // What placed containers hold.
  double reserved_cpus = 0;
  int64_t reserved_memory_bytes = 0;
  std::vector<HostPort> ports;
  int containers = 0;
  int of_service = 0;  // of the demand's service
};

struct Request {
  Demand demand;
  std::string cluster;
  std::string preferred_node;  // empty: none
  std::string avoided_node;    // empty: none
  // Volumes of the demand whose data exists, and the nodes that have it.
  std::map<std::string, std::set<std::string>> data_on;
};

struct Decision {
  std::string node;  // empty: none fits
  std::string
      message;  // then why: `0/3 nodes fit: 2 too little memory (512 MiB asked), 1 cordoned`
};

// `nodes`: those of the request's cluster. Filters: Ready, not cordoned, CPU and memory not
// reserved, host ports free, data of local volumes there, what the placement demands. Then, in this
// order: not the avoided node, the preferred node, few wishes of the placement unmet, few
// containers of the same service, little reserved, few containers, the name.
Decision Place(const Request& request, const std::vector<NodeState>& nodes);

Demand DemandOf(const Object& container);

}  // namespace gantry::scheduler
