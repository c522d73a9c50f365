#include "apis/compose/dependencies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "apis/compose/keys.h"

namespace gantry::compose {
namespace {

std::optional<std::string> ReadCondition(const Field& field, Diagnostics* diag) {
  if (field.value == "service_started") return "Started";
  if (field.value == "service_healthy") return "Healthy";
  if (field.value == "service_completed_successfully") return "Completed";
  diag->Unsupported(field.place, field.value,
                    "must be service_started, service_healthy or service_completed_successfully");
  return std::nullopt;
}

struct Edge {
  std::string condition = "Started";
  bool required = true;
};

Edge ReadEdge(const Field& dependency, Diagnostics* diag) {
  Edge out;
  if (!IsMap(dependency, diag)) return out;
  for (const auto& [key, value] : dependency.value.items()) {
    if (!CheckKey(Scope::kDependency, dependency.place, key, value, diag)) continue;
    const Field field = dependency.Member(key);
    if (key == "condition") out.condition = ReadCondition(field, diag).value_or("Started");
    else out.required = ReadBool(field, diag).value_or(true);
  }
  return out;
}

// A depth-first walk with the path in hand.
class CycleFinder {
 public:
  CycleFinder(const std::map<std::string, std::vector<Dependency>>& edges, std::string place,
              Diagnostics* diag)
      : edges_(edges), place_(std::move(place)), diag_(diag) {}

  // Iterative: a document may hold a chain of any length.
  void Walk(const std::string& start) {
    if (done_.count(start) > 0) return;
    Enter(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      const std::vector<Dependency>& next = edges_.at(*step.service);
      if (step.next == next.size()) {
        done_[*step.service] = true;
        path_.pop_back();
        continue;
      }
      const std::string& target = next[step.next++].service;
      const auto known = done_.find(target);
      if (known == done_.end()) Enter(target);
      else if (!known->second) Report(target);
    }
  }

 private:
  struct Step {
    const std::string* service;
    size_t next;
  };

  void Enter(const std::string& service) {
    const auto it = edges_.find(service);
    if (it == edges_.end()) return;
    done_[service] = false;
    path_.push_back({&it->first, 0});
  }

  void Report(const std::string& target) {
    std::vector<std::string> names;
    for (const Step& step : path_) {
      if (!names.empty() || *step.service == target) names.push_back(*step.service);
    }
    names.push_back(target);
    diag_->Invalid(place_, fmt::format("{}", fmt::join(names, " -> ")),
                   "services must not depend on each other in a circle");
  }

  const std::map<std::string, std::vector<Dependency>>& edges_;
  const std::string place_;
  Diagnostics* diag_;
  std::map<std::string, bool> done_;  // false: on the path
  std::vector<Step> path_;
};

}  // namespace

std::vector<Dependency> ReadDependencies(const Field& service, const std::vector<KeyValue>& label,
                                         const std::map<std::string, std::string>& names,
                                         const std::map<std::string, std::string>& inactive,
                                         Diagnostics* diag) {
  std::map<std::string, std::string> found;
  const auto add = [&](const std::string& name, const std::string& place, const Edge& edge) {
    if (names.count(name) > 0) {
      found.try_emplace(name, edge.condition);
    } else if (const auto it = inactive.find(name); it != inactive.end() && edge.required) {
      diag->Invalid(place, name,
                    fmt::format("is not active; name one of its profiles ({}) in "
                                "spec.profiles, or write `required: false`",
                                it->second));
    } else if (edge.required) {
      diag->Invalid(place, name, "is not a service of this template");
    }
  };
  if (service.Has("depends_on")) {
    const Field list = service.Member("depends_on");
    if (list.value.is_object()) {
      for (const auto& [name, value] : list.value.items()) {
        const Edge edge = ReadEdge(list.Member(name), diag);
        const std::string place = Join(list.place, name);
        if (!edge.required && names.count(name) > 0)
          diag->Warn(Join(place, "required"), "is ignored: the service is waited for");
        add(name, place, edge);
      }
    } else if (IsList(list, diag)) {
      for (size_t i = 0; i < list.value.size(); ++i) {
        if (const auto name = ReadText(list.Item(i), diag)) add(*name, Join(list.place, i), Edge());
      }
    }
  }
  if (service.Has("links")) {
    // Compose starts what a service links to before it.
    const Field list = service.Member("links");
    for (size_t i = 0; list.value.is_array() && i < list.value.size(); ++i) {
      const std::string text = ScalarText(list.value[i]).value_or("");
      add(text.substr(0, text.find(':')), Join(list.place, i), Edge());
    }
  }
  for (const KeyValue& entry : label) add(entry.key, entry.place, Edge());
  std::vector<Dependency> out;
  for (const auto& [name, condition] : found) out.push_back({name, condition});
  return out;
}

void CheckCycles(const std::map<std::string, std::vector<Dependency>>& edges,
                 const std::string& place, Diagnostics* diag) {
  CycleFinder finder(edges, place, diag);
  for (const auto& [service, targets] : edges) finder.Walk(service);
}

}  // namespace gantry::compose
