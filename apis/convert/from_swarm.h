#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "apis/machinery/base/json.h"

namespace gantry::convert {

// What a swarm manager's Engine API answers to GET /services, /networks, /volumes, /configs and
// /secrets.
struct Swarm {
  Json services = Json::array();
  Json networks = Json::array();
  Json volumes = Json::array();
  Json configs = Json::array();
  Json secrets = Json::array();
};

struct SwarmStack {
  Json compose = Json::object();  // the document
  std::map<std::string, std::map<std::string, std::string>>
      configs;                     // by name: what ConfigMaps hold
  std::vector<std::string> notes;  // what is not taken over: `service web: ...`
};

// By the name of the stack; services without one are together under the empty name.
std::map<std::string, SwarmStack> FromSwarm(const Swarm& swarm);

// The name of the object for what a swarm calls `name`: `My_Shop` becomes `my-shop`. A DNS label
// that is not in `taken` yet, and is then; what is too long or has no name left ends in a hash.
std::string DnsName(const std::string& name, std::set<std::string>* taken);

// The ConfigMap of a config; values that are not UTF-8 are its binaryData.
Json ConfigMapOf(const std::string& name, const std::map<std::string, std::string>& data);

}  // namespace gantry::convert
