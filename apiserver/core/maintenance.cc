#include "apiserver/core/maintenance.h"

#include "apis/machinery/base/log.h"
#include "apis/machinery/base/memory.h"
#include "apis/machinery/meta/condition.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/registry/delete_many.h"
#include "apiserver/registry/system_user.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kAtOnce = 1000;
const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
constexpr const char* kCleanup = "customresourcecleanup.apiextensions.k8s.io";

// Who is left of a kind, and what holds them.
std::string DescribeRemaining(const Tree& left, const std::string& crd) {
  std::map<std::string, size_t> finalizers;
  size_t seen = 0;
  for (Tree::Iterator it(left, ""); it.Valid() && seen < kAtOnce; it.Next(), ++seen) {
    const Result<Json> json = it.entry()->Decode();
    if (!json.ok()) continue;
    for (const std::string& f : Object(*json).finalizers()) ++finalizers[f];
  }
  std::string text =
      fmt::format("could not confirm zero CustomResources remaining: {} has {} resource instances",
                  crd, left.size());
  const char* separator = "; finalizers remaining: ";
  for (const auto& [finalizer, count] : finalizers) {
    text += fmt::format("{}{} in {} resource instances", separator, finalizer, count);
    separator = ", ";
  }
  return text;
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
  if (!terminating_.insert(name).second) return;
  new_terminating_ = true;
  changed_.SignalAll();
}

void Maintenance::ReviewCrd(const std::string& name) { Review(kDefinitions, name); }

void Maintenance::AggregateRole(const std::string& name) {
  Review({"rbac.authorization.k8s.io", "v1", "clusterroles"}, name);
}

void Maintenance::Review(GroupVersionResource resource, const std::string& name) {
  MutexLock lock(&mu_);
  if (reviews_.insert({std::move(resource), name}).second) changed_.SignalAll();
}

// Who asks for a review does so before the caches have what is to be reviewed.
void Maintenance::AwaitCaches() {
  constexpr auto kLook = std::chrono::milliseconds(2);
  const Registry::Dependencies& d = registry_->deps();
  const store::Revision now = d.store->current_revision();
  MutexLock lock(&mu_);
  while (!stopping_ && d.caches->revision() < now) {
    changed_.WaitUntil(&mu_, Clock::Real()->Mono() + kLook);
  }
}

void Maintenance::Run() {
  const Clock* const clock = Clock::Real();  // intervals pass also when a test stops the clock
  MonoTime next_tick = clock->Mono() + options_.period;
  MonoTime next_retry = clock->Mono();
  ReturnFreeMemory();  // what loading took
  while (true) {
    std::set<std::string> terminating;
    std::set<std::pair<GroupVersionResource, std::string>> reviews;
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
      const MonoTime due = terminating_.empty() ? next_tick : std::min(next_tick, next_retry);
      if (reviews_.empty() && !new_terminating_ && clock->Mono() < due) {
        changed_.WaitUntil(&mu_, due);
        continue;
      }
      terminating = terminating_;
      new_terminating_ = false;
      reviews.swap(reviews_);
    }
    if (!reviews.empty()) AwaitCaches();
    // What is derived follows from the rest whenever such an object is written.
    for (const auto& [resource, name] : reviews) Write(resource, name, "", [](Object*) {});
    for (const std::string& crd : terminating) {
      if (!EmptyKind(crd)) continue;
      MutexLock lock(&mu_);
      terminating_.erase(crd);
    }
    const MonoTime now = clock->Mono();
    if (!terminating.empty()) next_retry = now + options_.retry;
    if (now >= next_tick) {
      Tick(now);
      ReturnFreeMemory();
      next_tick = now + options_.period;
    }
  }
}

bool Maintenance::EmptyKind(const std::string& crd) {
  const KindRegistry& kinds = *registry_->deps().kinds;
  const size_t dot = crd.find('.');
  const GroupResource resource{dot == std::string::npos ? "" : crd.substr(dot + 1),
                               crd.substr(0, dot)};
  const std::shared_ptr<const Kind> kind = kinds.Get(resource);
  if (kind != nullptr && !kind->def().builtin) {
    DeleteAll({kind, &kind->def().StorageVersion()}, [](const Entry&) { return true; });
    const Tree left = kind->cache->Current().tree;
    if (left.size() > 0) {
      const std::string message = DescribeRemaining(left, crd);
      WriteCrd(crd, "status", [&](Object* object) {
        SetCondition(&object->mutable_status(),
                     {"Terminating", "True", "InstanceDeletionCheck", message, 0},
                     registry_->deps().clock->Now());
      });
      return false;
    }
  }
  return WriteCrd(crd, "", [](Object* object) {
    std::vector<std::string> finalizers = object->finalizers();
    finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), kCleanup), finalizers.end());
    object->set_finalizers(finalizers);
  });
}

bool Maintenance::WriteCrd(const std::string& crd, const char* subresource,
                           const std::function<void(Object*)>& change) {
  return Write(kDefinitions, crd, subresource, change);
}

bool Maintenance::Write(const GroupVersionResource& resource, const std::string& name,
                        const char* subresource, const std::function<void(Object*)>& change) {
  const Result<Target> target =
      registry_->deps().kinds->Find(resource.group, resource.version, resource.resource);
  if (!target.ok()) return true;
  std::vector<std::string> warnings;
  Mutation mutation;
  mutation.apply = [&change](const Json& current) -> Result<Json> {
    Object object(current);
    change(&object);
    return object.json();
  };
  WriteScope scope = SystemScope(*target, {"", name}, Context(), &warnings);
  scope.subresource = subresource;
  const Result<Written> written = RunBlocking(registry_->Update(scope, mutation));
  if (written.ok() || written.code() == Code::kNotFound) return true;
  LOG_WARN("object was not written", {"resource", resource.group_resource().ToString()},
           {"name", name}, {"error", written.error()});
  return false;
}

void Maintenance::DeleteAll(const Target& target, const std::function<bool(const Entry&)>& wanted) {
  const Snapshot snapshot = target.kind->cache->Current();
  std::vector<std::string> warnings;
  const WriteScope scope = SystemScope(target, {}, Context(), &warnings);
  const DeleteOptions options;
  Tree::Iterator it(snapshot.tree, "");
  while (it.Valid()) {
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
    }
    std::vector<EntryPtr> some;
    for (; it.Valid() && some.size() < kAtOnce; it.Next()) {
      if (wanted(*it.entry()) && !it.entry()->header().deleting) some.push_back(it.entry());
    }
    const auto deleted = RunBlocking(DeleteMany(registry_, scope, options, std::move(some)));
    if (!deleted.ok()) {
      LOG_WARN("objects were not deleted", {"resource", target.def().plural},
               {"error", deleted.error()});
      return;
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
