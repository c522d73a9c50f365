#include "kubectl-plugin/workloads.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/meta/condition.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/print/progress.h"
#include "kubectl-plugin/targets.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

constexpr char kKindApplication[] = "Application";
constexpr char kKindService[] = "Service";

Result<Workload> AsWorkload(const ServedResource* type, const std::string& ns,
                            const std::string& name) {
  const client::Resource& r = type->resource;
  if (r.group != "gantry.dev" || (r.kind != kKindApplication && r.kind != kKindService)) {
    return LocalError(fmt::format("{} is neither an application nor a service of gantry.dev",
                                  type->ObjectName(name)));
  }
  return Workload{type, KeyOf(*type, ns, name), r.kind == kKindApplication};
}

// `app/shop/web`
Result<Workload> ServiceOf(Session& session, const Mapper& mapper, const std::string& ns,
                           const std::string& word) {
  const size_t first = word.find('/');
  const size_t second = word.find('/', first + 1);
  const std::string application = word.substr(first + 1, second - first - 1);
  const std::string service = word.substr(second + 1);
  GANTRY_TRY_SET(const ServedResource* type, mapper.Find(word.substr(0, first)));
  GANTRY_TRY_SET(const Workload of, AsWorkload(type, ns, application));
  if (!of.application) return LocalError(fmt::format("\"{}\": write app/NAME/SERVICE", word));
  GANTRY_TRY_SET(const ServedResource* services, mapper.Find("services.gantry.dev"));
  GANTRY_TRY_SET(const client::Client* client, session.client());
  client::ListOptions options;
  options.label_selector =
      fmt::format("gantry.dev/application={},gantry.dev/compose-service={}", application, service);
  GANTRY_TRY_SET(const client::List found,
                 client->ListAll(session.ctx(), services->resource, ns, options));
  if (found.items.empty())
    return LocalError(fmt::format("application {} has no service {}", application, service));
  return AsWorkload(services, ns, std::string(found.items[0].name()));
}

}  // namespace

Result<std::vector<Workload>> SelectWorkloads(Session& session,
                                              const std::vector<std::string>& words) {
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  std::vector<Workload> out;
  std::vector<std::string> rest;
  for (const std::string& word : words) {
    if (std::count(word.begin(), word.end(), '/') < 2) {
      rest.push_back(word);
      continue;
    }
    GANTRY_TRY_SET(Workload service, ServiceOf(session, *mapper, ns, word));
    out.push_back(std::move(service));
  }
  if (rest.empty() && !out.empty()) return out;
  GANTRY_TRY_SET(const std::vector<Target> targets, ParseTargets(*mapper, rest));
  for (const Target& target : targets) {
    if (target.names.empty())
      return LocalError("resource(s) were provided, but no name was specified");
    for (const std::string& name : target.names) {
      GANTRY_TRY_SET(Workload workload, AsWorkload(target.type, ns, name));
      out.push_back(std::move(workload));
    }
  }
  return out;
}

Status AwaitReadiness(Session& session, const Workload& workload, const std::string& status,
                      const std::string& reason, const std::string& timeout) {
  GANTRY_TRY_SET(const Duration limit, ParseTimeout(timeout));
  Progress progress(session.io());
  std::string state;
  bool gone = false;
  const Status s =
      WaitForObject(session, *workload.type, workload.key, limit, [&](const Object* o) {
        gone = o == nullptr;
        if (gone) return true;
        const Json* ready = FindCondition(o->status(), "Ready");
        if (ready && GetString(*ready, "status") == status &&
            GetInt(o->status(), "observedGeneration") >= o->generation() &&
            GetInt(*ready, "observedGeneration", o->generation()) >= o->generation() &&
            (reason.empty() || (GetString(*ready, "reason") == reason &&
                                GetString(*ready, "message") == "stopped"))) {
          return true;
        }
        state = StateLine(*o);
        progress.Show(fmt::format("waiting for {}{}", workload.type->ObjectName(workload.key.name),
                                  state.empty() ? "" : ": " + state));
        return false;
      });
  progress.Clear();
  const std::string name = workload.type->ObjectName(workload.key.name);
  if (gone) return LocalError(name + " is gone");
  if (s.ok() || s.code() != Code::kTimeout) return s;
  return LocalError(
      fmt::format("timed out waiting for {}{}", name, state.empty() ? "" : ": " + state));
}

}  // namespace gantry::kubectl
