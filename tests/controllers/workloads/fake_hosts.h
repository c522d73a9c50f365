#pragma once

#include <set>
#include <thread>

#include "apis/gantry.dev/v1/resources.h"
#include "controllers/runtime/manager.h"

namespace gantry {

// Plays the hosts: containers that are placed run and become ready at once, those that are deleted
// are released, those that are told to stop do. Instances whose image is in `broken` never become
// ready. Who looks for the newest image finds what SetNewest said.
class FakeHosts : public runtime::Reconciler {
 public:
  FakeHosts(client::Client client, const runtime::Lister* containers, std::set<std::string> broken)
      : client_(std::move(client)), containers_(containers), broken_(std::move(broken)) {}

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override {
    const ObjectPtr c = containers_->Get(key);
    if (!c || GetString(c->spec(), "nodeName").empty()) return runtime::Requeue::Never();
    if (c->deleting()) {
      const auto done = client_.Patch(ctx, v1::kContainers, key, client::PatchType::kMerge,
                                      {{"metadata", {{"finalizers", nullptr}}}});
      if (!done.ok() && done.code() != Code::kNotFound) return done.error();
      return runtime::Requeue::Never();
    }
    const std::string asked(c->annotation(v1::kAnnotationRedeployedAt));
    if (!asked.empty() && GetString(GetObject(c->status(), "imageCheck"), "requestedAt") != asked) {
      const Json check = {{"requestedAt", asked}, {"image", Newest()}};
      const auto done = client_.Patch(ctx, v1::kContainers, key, client::PatchType::kMerge,
                                      {{"status", {{"imageCheck", check}}}}, "status");
      if (!done.ok() && done.code() != Code::kNotFound) return done.error();
    }
    if (GetBool(c->spec(), "stopped")) {
      const Json stopped = {{"status", {{"phase", "Stopped"}, {"ready", false}}}};
      const auto done =
          client_.Patch(ctx, v1::kContainers, key, client::PatchType::kMerge, stopped, "status");
      if (!done.ok() && done.code() != Code::kNotFound) return done.error();
      return runtime::Requeue::Never();
    }
    if (GetString(c->status(), "phase") == "Running") return runtime::Requeue::Never();
    const bool ready = !broken_.count(GetString(GetObject(c->spec(), "template"), "image"));
    const Json status = {
        {"status",
         {{"phase", "Running"}, {"ready", ready}, {"message", ready ? "" : "it is broken"}}}};
    const auto done =
        client_.Patch(ctx, v1::kContainers, key, client::PatchType::kMerge, status, "status");
    if (!done.ok() && done.code() != Code::kNotFound) return done.error();
    return runtime::Requeue::Never();
  }

  // What the next looks for a newer image find.
  static void SetNewest(const std::string& identity) {
    MutexLock lock(&Mu());
    Identity() = identity;
  }

  static void Add(runtime::Manager* manager, std::set<std::string> broken) {
    runtime::Informer* containers = manager->InformerFor(v1::kContainers);
    manager
        ->Add("hosts", std::make_unique<FakeHosts>(manager->ClientFor("container"),
                                                   &containers->lister(), std::move(broken)))
        ->Watch(containers, runtime::MapSelf());
  }

 private:
  static Mutex& Mu() {
    static Mutex* const mu = new Mutex;
    return *mu;
  }
  static std::string& Identity() {
    static std::string* const identity = new std::string;
    return *identity;
  }
  static std::string Newest() {
    MutexLock lock(&Mu());
    return Identity();
  }

  const client::Client client_;
  const runtime::Lister* const containers_;
  const std::set<std::string> broken_;
};

}  // namespace gantry
