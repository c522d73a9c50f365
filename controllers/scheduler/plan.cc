#include "controllers/scheduler/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "apis/gantry.dev/v1/resources.h"

namespace gantry::scheduler {
namespace {

std::string HumanBytes(int64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return value == std::floor(value) ? fmt::format("{:.0f} {}", value, kUnits[unit])
                                    : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

// Why the node does not fit; empty when it does.
std::string Refusal(const Request& request, const NodeState& node) {
  const Demand& d = request.demand;
  if (node.deleting) return "being deleted";
  if (!node.ready) return "not ready";
  if (node.unschedulable) return "cordoned";
  for (const auto& c : d.placement.constraints) {
    if (c.required && !v1::Holds(c, node.facts)) return fmt::format("not {}", v1::ToText(c));
  }
  if (d.placement.max_per_node > 0 && node.of_service >= d.placement.max_per_node)
    return fmt::format("with {} of the service already", node.of_service);
  for (const auto& [volume, nodes] : request.data_on) {
    if (!nodes.count(node.name))
      return fmt::format("without the data of volume {}", volume.substr(volume.find('/') + 1));
  }
  for (const HostPort& wanted : d.ports) {
    for (const HostPort& taken : node.ports) {
      if (wanted.Collides(taken)) return fmt::format("host port {} taken", wanted.ToString());
    }
  }
  // A hundredth of a core of slack hides the rounding of sums.
  if (d.cpus > 0 && node.cpus > 0 && node.reserved_cpus + d.cpus > node.cpus + 0.01)
    return fmt::format("too little CPU ({:g} asked)", d.cpus);
  if (d.memory_bytes > 0 && node.memory_bytes > 0 &&
      node.reserved_memory_bytes + d.memory_bytes > node.memory_bytes)
    return fmt::format("too little memory ({} asked)", HumanBytes(d.memory_bytes));
  return "";
}

// The reserved part of the scarcer resource, in steps of 5 %.
int LoadStep(const NodeState& node) {
  double load = 0;
  if (node.cpus > 0) load = std::max(load, node.reserved_cpus / node.cpus);
  if (node.memory_bytes > 0)
    load = std::max(load, static_cast<double>(node.reserved_memory_bytes) /
                              static_cast<double>(node.memory_bytes));
  return static_cast<int>(load * 20);
}

int UnmetWishes(const Request& request, const NodeState& node) {
  int count = 0;
  for (const auto& c : request.demand.placement.constraints)
    count += !c.required && !v1::Holds(c, node.facts) ? 1 : 0;
  return count;
}

auto Rank(const Request& request, const NodeState& node) {
  return std::make_tuple(node.name == request.avoided_node, node.name != request.preferred_node,
                         UnmetWishes(request, node), node.of_service, LoadStep(node),
                         node.containers, std::string_view(node.name));
}

std::string Explain(const std::map<std::string, int>& refusals, size_t nodes) {
  std::vector<std::pair<int, std::string>> sorted;
  for (const auto& [why, count] : refusals) sorted.emplace_back(-count, why);
  std::sort(sorted.begin(), sorted.end());
  std::string out = fmt::format("0/{} nodes fit: ", nodes);
  for (size_t i = 0; i < sorted.size(); ++i)
    out += fmt::format("{}{} {}", i ? ", " : "", -sorted[i].first, sorted[i].second);
  return out;
}

}  // namespace

bool HostPort::Collides(const HostPort& other) const {
  if (port != other.port || protocol != other.protocol) return false;
  const auto any = [](const std::string& ip) {
    return ip.empty() || ip == "0.0.0.0" || ip == "::";
  };
  return any(host_ip) || any(other.host_ip) || host_ip == other.host_ip;
}

std::string HostPort::ToString() const {
  std::string out = host_ip.empty() ? "" : host_ip + ":";
  return out + std::to_string(port) + "/" + protocol;
}

Decision Place(const Request& request, const std::vector<NodeState>& nodes) {
  if (nodes.empty()) return {"", fmt::format("no node is in cluster {}", request.cluster)};
  std::map<std::string, int> refusals;
  const NodeState* best = nullptr;
  for (const NodeState& node : nodes) {
    if (const std::string why = Refusal(request, node); !why.empty()) {
      ++refusals[why];
    } else if (!best || Rank(request, node) < Rank(request, *best)) {
      best = &node;
    }
  }
  if (best) return {best->name, ""};
  return {"", Explain(refusals, nodes.size())};
}

Demand DemandOf(const Object& container) {
  const v1::ContainerSpec spec = v1::ContainerSpec::From(container);
  const std::string ns = std::string(container.ns()) + "/";
  Demand d;
  if (const std::string_view service = container.label(v1::kLabelService); !service.empty())
    d.service = ns + std::string(service);
  d.cpus = spec.tmpl.reservations.cpus;
  d.memory_bytes = spec.tmpl.reservations.memory_bytes;
  d.placement = spec.placement;
  for (const auto& p : spec.tmpl.ports) {
    if (p.host_port.value_or(0) > 0) d.ports.push_back({*p.host_port, p.protocol, p.host_ip});
  }
  for (const auto& m : spec.tmpl.mounts) {
    if (m.type == "volume" && !m.source.empty()) d.volumes.push_back(ns + m.source);
  }
  return d;
}

}  // namespace gantry::scheduler
