#include "apiserver/admission/quota.h"

#include <fmt/format.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

// The kind, if quotas can be about it; else null.
const client::Resource* QuotaKind(const schema::Definition& definition) {
  for (const client::Resource& kind : v1::QuotaKinds()) {
    if (kind.plural == definition.plural && kind.group == definition.group) return &kind;
  }
  return nullptr;
}

// Calls `visit` for each entry of a kind in a namespace.
template <typename Visit>
void ForEachIn(CacheSet* caches, const GroupResource& kind, const std::string& ns, Visit visit) {
  const Snapshot now = caches->Get(kind)->Current();
  const std::string prefix = ns + "/";
  for (Tree::Iterator it(now.tree, prefix); it.Valid(); it.Next()) {
    if (!it.entry()->key().starts_with(prefix)) break;
    visit(*it.entry());
  }
}

std::vector<Object> QuotasOf(CacheSet* caches, const std::string& ns) {
  std::vector<Object> quotas;
  ForEachIn(caches, {"", v1::kResourceQuotas.plural}, ns, [&quotas](const Entry& entry) {
    if (Result<Json> json = entry.Decode(); json.ok()) quotas.emplace_back(*std::move(json));
  });
  return quotas;
}

bool IsAbout(const Object& quota, const client::Resource& kind) {
  for (const auto& [name, amount] : v1::HardOf(quota)) {
    const client::Resource* const about = v1::QuotaKindOf(name);
    if (about != nullptr && about->plural == kind.plural) return true;
  }
  return false;
}

}  // namespace

bool QuotaLedger::Counts(const schema::Definition& definition, const std::string& ns) const {
  const client::Resource* const kind = QuotaKind(definition);
  if (kind == nullptr || ns.empty()) return false;
  for (const Object& quota : QuotasOf(caches_, ns)) {
    if (IsAbout(quota, *kind)) return true;
  }
  return false;
}

Status QuotaLedger::Admit(const schema::Definition& definition, const std::string& ns,
                          const Object* old, const Object& object) {
  const client::Resource* const kind = QuotaKind(definition);
  if (kind == nullptr || ns.empty()) return OkStatus();
  if (old != nullptr && old->spec() == object.spec()) return OkStatus();
  std::vector<Object> quotas;
  for (Object& quota : QuotasOf(caches_, ns)) {
    if (IsAbout(quota, *kind)) quotas.push_back(std::move(quota));
  }
  if (quotas.empty()) return OkStatus();

  const v1::QuotaUsage after = v1::UsageOf(*kind, object);
  const v1::QuotaUsage before = old != nullptr ? v1::UsageOf(*kind, *old) : v1::QuotaUsage();
  const v1::QuotaUsage used = Used(*kind, ns);
  for (const Object& quota : quotas) {
    const std::string fault = v1::QuotaFault(quota, *kind, old != nullptr ? &before : nullptr,
                                             after, used, object.name());
    if (fault.empty()) continue;
    ErrorDetails details;
    details.group = definition.group;
    details.kind = definition.plural;
    details.name = object.name();
    return Error(Code::kForbidden,
                 fmt::format("{} \"{}\" is forbidden: {}", definition.group_resource().ToString(),
                             object.name(), fault),
                 std::move(details));
  }
  return OkStatus();
}

v1::QuotaUsage QuotaLedger::Used(const client::Resource& kind, const std::string& ns) {
  v1::QuotaUsage sum;
  Objects now;
  MutexLock lock(&mu_);
  Objects& known = known_[{kind.plural, ns}];
  ForEachIn(caches_, {kind.group, kind.plural}, ns, [&](const Entry& entry) {
    Known& item = now[entry.key()];
    if (const auto had = known.find(entry.key()); had != known.end()) item = had->second;
    if (item.revision != entry.revision()) {
      const Result<Json> json = entry.Decode();
      item = {entry.revision(), json.ok() ? v1::UsageOf(kind, Object(*json)) : v1::QuotaUsage()};
    }
    v1::AddUsage(item.usage, &sum);
  });
  known = std::move(now);
  return sum;
}

}  // namespace gantry::apiserver
