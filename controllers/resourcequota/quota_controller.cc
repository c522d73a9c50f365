#include "controllers/resourcequota/quota_controller.h"

#include <algorithm>

#include "apis/gantry.dev/v1/quota.h"
#include "apis/gantry.dev/v1/resources.h"
#include "controllers/runtime/status_patch.h"

namespace gantry::quota {
namespace {

class QuotaReconciler : public runtime::Reconciler {
 public:
  explicit QuotaReconciler(runtime::Manager* manager)
      : client_(manager->ClientFor("resourcequota")),
        quotas_(manager->InformerFor(v1::kResourceQuotas)->lister()),
        clock_(manager->clock()) {
    for (const client::Resource& kind : v1::QuotaKinds())
      counted_.emplace_back(&kind, &manager->InformerFor(kind)->lister());
  }

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override {
    const ObjectPtr quota = quotas_.Get(key);
    if (!quota || quota->deleting()) return runtime::Requeue::Never();
    runtime::StatusPatch patch(client_, v1::kResourceQuotas, quota, clock_);
    const v1::QuotaUsage used = UsedIn(key.ns, v1::HardOf(*quota));
    Json& status = patch.status();
    status["hard"] = GetObject(quota->spec(), "hard");
    status["used"] = Json::object();
    for (const auto& [name, hard] : v1::HardOf(*quota)) {
      const auto amount = used.find(std::string(v1::QuotaAlias(name)));
      status["used"][name] = v1::FormatQuotaAmount(name, amount == used.end() ? 0 : amount->second);
    }
    return patch.Finish(ctx, runtime::Requeue::Never());
  }

 private:
  v1::QuotaUsage UsedIn(const std::string& ns, const v1::QuotaUsage& hard) const {
    v1::QuotaUsage sum;
    for (const auto& [kind, objects] : counted_) {
      const std::string& plural = kind->plural;
      const bool wanted = std::any_of(hard.begin(), hard.end(), [&plural](const auto& bound) {
        const client::Resource* const about = v1::QuotaKindOf(bound.first);
        return about != nullptr && about->plural == plural;
      });
      if (!wanted) continue;
      for (const ObjectPtr& object : objects->InNamespace(ns))
        v1::AddUsage(v1::UsageOf(*kind, *object), &sum);
    }
    return sum;
  }

  const client::Client client_;
  const runtime::Lister& quotas_;
  std::vector<std::pair<const client::Resource*, const runtime::Lister*>> counted_;
  Clock* const clock_;
};

}  // namespace

void AddQuotaController(runtime::Manager* manager) {
  runtime::Controller* const controller =
      manager->Add("resourcequota", std::make_unique<QuotaReconciler>(manager));
  runtime::Informer* const quotas = manager->InformerFor(v1::kResourceQuotas);
  controller->Watch(quotas, runtime::MapSelf());
  const runtime::Lister* const lister = &quotas->lister();
  for (const client::Resource& kind : v1::QuotaKinds()) {
    controller->Watch(
        manager->InformerFor(kind), [lister](const ObjectPtr& before, const ObjectPtr& after) {
          std::vector<ObjectKey> keys;
          if (before && after && before->spec() == after->spec()) return keys;
          for (const ObjectPtr& quota : lister->InNamespace((after ? after : before)->ns()))
            keys.push_back(quota->key());
          return keys;
        });
  }
}

}  // namespace gantry::quota
