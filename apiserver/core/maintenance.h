#pragma once

#include <deque>
#include <set>
#include <string>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// What the server does by itself, on one thread: it empties kinds whose CustomResourceDefinition is
// being deleted, decides anew about definitions whose names became free, gathers the rules of
// ClusterRoles that aggregate, forgets Events an hour
// after their last change, moves the store's horizon, and returns free memory. Thread-safe.
class Maintenance {
 public:
  struct Options {
    Duration period = std::chrono::minutes(1);
    Duration history = std::chrono::minutes(10);  // how far back watches and pages may reach
    Duration event_ttl = std::chrono::hours(1);
    Duration retry = std::chrono::seconds(1);  // while objects of a deleted kind have finalizers
  };
  // `registry` must outlive this.
  Maintenance(Registry* registry, Options options) : registry_(registry), options_(options) {}
  ~Maintenance() { Stop(); }

  void Start();
  void Stop();

  // The definition `name` (widgets.example.com) has a deletionTimestamp.
  void CrdIsTerminating(const std::string& name);
  // The status of the definition `name` is to be decided anew.
  void ReviewCrd(const std::string& name);
  // The rules of the ClusterRole `name` are to be gathered anew.
  void AggregateRole(const std::string& name);

 private:
  struct Sample {
    MonoTime at;
    store::Revision revision;
  };
  void Run();
  void AwaitCaches();
  // True when the kind is empty and its definition gone.
  bool EmptyKind(const std::string& crd);
  void Review(GroupVersionResource resource, const std::string& name);
  // Writes an object of cluster scope through `change`; false: try again.
  bool Write(const GroupVersionResource& resource, const std::string& name, const char* subresource,
             const std::function<void(Object*)>& change);
  // The same for a definition.
  bool WriteCrd(const std::string& crd, const char* subresource,
                const std::function<void(Object*)>& change);
  void DeleteAll(const Target& target, const std::function<bool(const Entry&)>& wanted);
  void Tick(MonoTime now);
  // The newest revision that is at least `age` old; 0: none is known.
  store::Revision RevisionBefore(MonoTime now, Duration age) const;

  Registry* const registry_;
  const Options options_;
  std::deque<Sample> samples_;  // of the thread

  Mutex mu_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::set<std::string> terminating_ GUARDED_BY(mu_);
  bool new_terminating_ GUARDED_BY(mu_) = false;
  // Objects whose derived parts follow anew from the rest.
  std::set<std::pair<GroupVersionResource, std::string>> reviews_ GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace gantry::apiserver
