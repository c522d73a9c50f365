#include "apiserver/core/maintenance.h"

#include "apis/machinery/base/log.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/core/system_user.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

constexpr const char* kCleanup = "customresourcecleanup.apiextensions.k8s.io";

WriteScope ScopeFor(const Target& target, const ObjectKey& key,
                    std::vector<std::string>* warnings) {
  return {target,
          key.ns,
          key.name,
          "",
          SystemUser(),
          Context(),
          false,
          FieldValidation::kIgnore,
          "gantry-apiserver",
          {},
          warnings};
}

}  // namespace

void Maintenance::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Maintenance::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Maintenance::CrdIsTerminating(const std::string& name) {
  MutexLock lock(&mu_);
  if (terminating_.insert(name).second) changed_.SignalAll();
}

void Maintenance::Run() {
  const Clock* const clock = Clock::Real();  // intervals pass also when a test stops the clock
  MonoTime next_tick = clock->Mono() + options_.period;
  MonoTime next_retry = clock->Mono();
  while (true) {
    std::set<std::string> terminating;
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
      const MonoTime due = terminating_.empty() ? next_tick : std::min(next_tick, next_retry);
      if (clock->Mono() < due) {
        changed_.WaitUntil(&mu_, due);
        continue;
      }
      terminating = terminating_;
    }
    for (const std::string& crd : terminating) {
      if (!EmptyKind(crd)) continue;
      MutexLock lock(&mu_);
      terminating_.erase(crd);
    }
    const MonoTime now = clock->Mono();
    if (!terminating.empty()) next_retry = now + options_.retry;
    if (now >= next_tick) {
      Tick(now);
      next_tick = now + options_.period;
    }
  }
}

bool Maintenance::EmptyKind(const std::string& crd) {
  const KindRegistry& kinds = *registry_->deps().kinds;
  const size_t dot = crd.find('.');
  const GroupResource resource{dot == std::string::npos ? "" : crd.substr(dot + 1),
                               crd.substr(0, dot)};
  const std::shared_ptr<const KindSet> set = kinds.Snapshot();
  const auto kind = set->kinds.find(resource);
  if (kind != set->kinds.end() && !kind->second->def().builtin) {
    DeleteAll({kind->second, &kind->second->def().StorageVersion()},
              [](const Entry&) { return true; });
    if (kind->second->cache->Current().tree.size() > 0) return false;
  }
  const Result<Target> definitions =
      kinds.Find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  if (!definitions.ok()) return true;
  std::vector<std::string> warnings;
  Mutation mutation;
  mutation.apply = [](const Json& current) -> Result<Json> {
    Object object(current);
    std::vector<std::string> finalizers = object.finalizers();
    finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), kCleanup), finalizers.end());
    object.set_finalizers(finalizers);
    return object.json();
  };
  const WriteScope scope = ScopeFor(*definitions, {"", crd}, &warnings);
  const Result<Written> written = RunBlocking(registry_->Update(scope, mutation));
  if (written.ok() || written.code() == Code::kNotFound) return true;
  LOG_WARN("definition of a deleted kind is still there", {"crd", crd}, {"error", written.error()});
  return false;
}

void Maintenance::DeleteAll(const Target& target, const std::function<bool(const Entry&)>& wanted) {
  const Snapshot snapshot = target.kind->cache->Current();
  std::vector<std::string> warnings;
  for (Tree::Iterator it(snapshot.tree, ""); it.Valid(); it.Next()) {
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
    }
    if (!wanted(*it.entry()) || it.entry()->header().deleting) continue;
    const WriteScope scope = ScopeFor(target, ParseRelativeKey(it.entry()->key()), &warnings);
    const DeleteOptions options;
    const Result<Deleted> deleted = RunBlocking(registry_->Delete(scope, options));
    if (!deleted.ok() && deleted.code() != Code::kNotFound) {
      LOG_WARN("object was not deleted", {"key", it.entry()->key()}, {"error", deleted.error()});
    }
  }
}

void Maintenance::Tick(MonoTime now) {
  const Registry::Dependencies& d = registry_->deps();
  samples_.push_back({now, d.caches->revision()});
  while (samples_.size() > 1 && samples_[1].at + options_.event_ttl <= now) samples_.pop_front();

  const store::Revision horizon = RevisionBefore(now, options_.history);
  if (horizon > d.store->horizon()) {
    const Status compacted = d.store->Compact(horizon);
    if (!compacted.ok()) LOG_WARN("store was not compacted", {"error", compacted.error()});
  }
  const store::Revision oldest = RevisionBefore(now, options_.event_ttl);
  const Result<Target> events = d.kinds->Find("", "v1", "events");
  if (oldest == 0 || !events.ok()) return;
  DeleteAll(*events, [&](const Entry& entry) { return entry.revision() <= oldest; });
}

store::Revision Maintenance::RevisionBefore(MonoTime now, Duration age) const {
  store::Revision revision = 0;
  for (const Sample& sample : samples_) {
    if (sample.at + age <= now) revision = sample.revision;
  }
  return revision;
}

}  // namespace gantry::apiserver
