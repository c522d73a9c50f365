#include "kubectl-plugin/containers.h"

#include <fmt/format.h>

#include <algorithm>

#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

constexpr char kContainers[] = "containers.gantry.dev";
constexpr char kServiceLabel[] = "gantry.dev/service";
constexpr char kApplicationLabel[] = "gantry.dev/application";
constexpr char kSlotLabel[] = "gantry.dev/slot";

Result<std::vector<Object>> ListBy(Session& session, const ContainerSet& set,
                                   const std::string& selector) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  client::ListOptions options;
  options.label_selector = selector;
  GANTRY_TRY_SET(client::List list,
                 client->ListAll(session.ctx(), set.type->resource, set.ns, options));
  return std::move(list.items);
}

// `<service>-<slot>` as the name of the slot's current instance; empty when it is none.
Result<std::string> ResolveSlot(Session& session, const ContainerSet& set,
                                const std::string& name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == name.size() ||
      !std::all_of(name.begin() + static_cast<long>(dash) + 1, name.end(),
                   [](unsigned char c) { return isdigit(c); })) {
    return std::string();
  }
  GANTRY_TRY_SET(const auto instances,
                 ListBy(session, set,
                        fmt::format("{}={},{}={}", kServiceLabel, name.substr(0, dash), kSlotLabel,
                                    name.substr(dash + 1))));
  const Object* current = CurrentInstance(instances);
  return current ? std::string(current->name()) : std::string();
}

Result<ContainerSet> One(Session& session, ContainerSet set, const std::string& name) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  const auto exact = client->Get(session.ctx(), set.type->resource, {set.ns, name});
  if (exact.ok()) {
    set.names = {name};
    return set;
  }
  if (exact.code() != Code::kNotFound) return exact.error();
  GANTRY_TRY_SET(const std::string instance, ResolveSlot(session, set, name));
  if (instance.empty()) return exact.error();
  set.names = {instance};
  return set;
}

}  // namespace

const Object* CurrentInstance(const std::vector<Object>& instances) {
  const Object* best = nullptr;
  for (const Object& o : instances) {
    if (!best || (best->deleting() && !o.deleting()) ||
        (best->deleting() == o.deleting() && o.creation_timestamp() > best->creation_timestamp())) {
      best = &o;
    }
  }
  return best;
}

Result<ContainerSet> FindContainers(Session& session, const std::string& word) {
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  ContainerSet set;
  GANTRY_TRY_SET(set.type, mapper->Find(kContainers));
  GANTRY_TRY_SET(set.ns, session.ns());
  const size_t slash = word.find('/');
  if (slash == std::string::npos) return One(session, std::move(set), word);
  const std::string name = word.substr(slash + 1);
  GANTRY_TRY_SET(const ServedResource* type, mapper->Find(word.substr(0, slash)));
  if (name.empty()) return LocalError(fmt::format("\"{}\" names no object", word));
  if (type == set.type) return One(session, std::move(set), name);
  const std::string full = type->Name();
  if (full != "applications.gantry.dev" && full != "services.gantry.dev") {
    return LocalError(
        fmt::format("{} have no containers; name an application, a service or a container", full));
  }
  GANTRY_TRY_SET(const client::Client* client, session.client());
  GANTRY_TRY(client->Get(session.ctx(), type->resource, {set.ns, name}));
  set.selector = fmt::format(
      "{}={}", type->resource.plural == "services" ? kServiceLabel : kApplicationLabel, name);
  GANTRY_TRY_SET(const auto containers, ListBy(session, set, set.selector));
  for (const Object& o : containers) set.names.emplace_back(o.name());
  std::sort(set.names.begin(), set.names.end());
  return set;
}

}  // namespace gantry::kubectl
