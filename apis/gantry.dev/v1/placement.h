#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/meta/object.h"

namespace gantry::v1 {

// Which nodes a container may go to: `spec.placement` of Service and Container.
struct Placement {
  // A fact of a node (NodeFacts) against a pattern.
  struct Constraint {
    std::string key;
    bool equal = true;  // false: must not match
    std::string pattern;
    bool required = true;  // false: a wish
  };
  // Near to, or away from, containers.
  struct Affinity {
    std::string to;  // Service | Image | Container, or the name of a label
    bool equal = true;
    std::string pattern;
    bool required = true;
  };
  struct Spread {
    std::string topology_key;  // a fact of nodes
    int min = 0;               // different values of it; 0: as many as there are
    bool required = true;
  };

  std::vector<Constraint> constraints;
  std::vector<Affinity> affinity;
  std::vector<Spread> spread;
  int max_per_node = 0;  // containers of one service on one node; 0: any number
  std::optional<bool> reschedule_on_node_failure;

  bool empty() const;
  static Placement From(const Json& json);
  // Leaves out what is empty or default.
  Json ToJson() const;
};

// What constraints may ask about a Node: node.id, node.hostname, node.role, node.platform.os,
// node.platform.arch, node.labels.<name>, engine.kernelversion, engine.version.
std::map<std::string, std::string> NodeFacts(const Object& node);

// `b*`, `(a|b*)` (one of several) or `/regex/` (somewhere in the text). A fact that is absent is
// the empty text. An expression that does not compile matches nothing.
bool MatchesPattern(std::string_view pattern, std::string_view text);
// What is wrong with the pattern; empty: nothing.
std::string CheckPattern(std::string_view pattern);

bool Holds(const Placement::Constraint& constraint,
           const std::map<std::string, std::string>& facts);
// `node.labels.zone==b`
std::string ToText(const Placement::Constraint& constraint);

}  // namespace gantry::v1
