#include "apiserver/rbac/follower.h"

#include "apis/machinery/base/log.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/rbac/decode.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver::rbac {
namespace {

// A record that cannot be read gives nobody anything.
Json DocumentOf(const Entry& entry) {
  Result<Json> json = entry.Decode();
  if (json.ok()) return *std::move(json);
  LOG_ERROR("stored role or binding does not decode", {"key", entry.key()},
            {"error", json.error()});
  return Json::object();
}

void FollowRole(Policy* policy, const Entry& entry, bool deleted) {
  const ObjectKey key = ParseRelativeKey(entry.key());
  if (deleted) {
    policy->DropRole(key);
  } else {
    policy->PutRole(key, RoleFromJson(DocumentOf(entry)));
  }
}

void FollowBinding(Policy* policy, const Entry& entry, bool deleted) {
  const ObjectKey key = ParseRelativeKey(entry.key());
  const Json binding = deleted ? Json() : DocumentOf(entry);
  if (deleted || GetObject(binding, "roleRef").empty()) {
    policy->DropBinding(key);
  } else {
    policy->PutBinding(key, RoleRefOf(binding, key.ns), SubjectsOf(binding));
  }
}

void FollowClusterRole(Policy* policy, const std::function<void(const std::string&)>& stale,
                       const Entry& entry, bool deleted) {
  const std::string name = ParseRelativeKey(entry.key()).name;
  const auto before = policy->AggregatorsOf(policy->LabelsOf(name));
  FollowRole(policy, entry, deleted);
  std::set<std::string> all(before.begin(), before.end());
  for (std::string& other : policy->AggregatorsOf(policy->LabelsOf(name))) {
    all.insert(std::move(other));
  }
  all.erase(name);
  for (const std::string& other : all) stale(other);
}

}  // namespace

void Follow(Policy* policy, CacheSet* caches, std::function<void(const std::string&)> stale) {
  caches->SetHook({kGroup, "roles"}, [policy](const Entry& entry, bool deleted) {
    FollowRole(policy, entry, deleted);
  });
  caches->SetHook({kGroup, "clusterroles"},
                  [policy, stale = std::move(stale)](const Entry& entry, bool deleted) {
                    FollowClusterRole(policy, stale, entry, deleted);
                  });
  for (const char* resource : {"rolebindings", "clusterrolebindings"}) {
    caches->SetHook({kGroup, resource}, [policy](const Entry& entry, bool deleted) {
      FollowBinding(policy, entry, deleted);
    });
  }
}

}  // namespace gantry::apiserver::rbac
