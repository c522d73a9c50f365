#pragma once

#include <gtest/gtest.h>

#include <set>

#include "apis/machinery/meta/condition.h"
#include "controllers/application/application_controller.h"
#include "controllers/garbagecollector/garbage_collector.h"
#include "controllers/scheduler/scheduler_controller.h"
#include "controllers/service/service_controller.h"
#include "tests/controllers/testing/controllers_fixture.h"
#include "tests/controllers/workloads/fake_hosts.h"

namespace gantry {

// Applications, Services and placement against a whole API server, with played hosts.
class WorkloadsTest : public testing::ControllersTest {
 protected:
  WorkloadsTest() {
    application::AddApplicationController(&manager_);
    service::AddServiceController(&manager_);
    scheduler::AddSchedulerController(&manager_);
    gc::AddGarbageCollector(&manager_);
    FakeHosts::Add(&manager_, {"broken:1"});
    StartControllers();
  }

  void MakeNode(const std::string& name, bool ready = true) {
    Object node(v1::kNodes.gvk(), {"", name});
    node.mutable_spec() = {{"endpoint", "unix:///run/" + name + ".sock"}};
    Must(client_.Create({}, v1::kNodes, node));
    SetNodeReady(name, ready);
  }
  void SetNodeReady(const std::string& name, bool ready) {
    Json status = Json::object();
    SetCondition(&status, {"Ready", ready ? "True" : "False", "Test", "", 1}, WallTime());
    Must(client_.Patch({}, v1::kNodes, {"", name}, client::PatchType::kMerge, {{"status", status}},
                       "status"));
  }
  Object App(const std::string& compose) {
    Object app(v1::kApplications.gvk(), {"default", "shop"});
    app.mutable_spec() = {{"compose", compose}};
    return app;
  }
  void SetCompose(const std::string& compose) {
    Must(client_.Patch({}, v1::kApplications, {"default", "shop"}, client::PatchType::kMerge,
                       {{"spec", {{"compose", compose}}}}));
  }
  Object Get(const client::Resource& r, const std::string& name) {
    auto got = client_.Get({}, r, {r.namespaced ? "default" : "", name});
    return got.ok() ? *got : Object();
  }
  std::vector<Object> Containers(const std::string& service) {
    client::ListOptions options;
    options.label_selector = "gantry.dev/service=" + service;
    auto list = client_.ListAll({}, v1::kContainers, "default", options);
    return list.ok() ? list->items : std::vector<Object>();
  }
  // The present spec was looked at and its condition says `status`.
  bool Says(const client::Resource& r, const std::string& name, const std::string& type,
            const std::string& status, const std::string& reason = "") {
    const Object o = Get(r, name);
    const Json* c = FindCondition(o.status(), type);
    return c && GetInt(*c, "observedGeneration") == o.generation() &&
           GetString(*c, "status") == status &&
           (reason.empty() || GetString(*c, "reason") == reason);
  }
  bool AppReady() { return Says(v1::kApplications, "shop", "Ready", "True"); }
  std::string AppMessage() {
    const Object app = Get(v1::kApplications, "shop");
    const Json* c = FindCondition(app.status(), "Ready");
    return c ? GetString(*c, "reason") + ": " + GetString(*c, "message") : "no condition";
  }
  std::multiset<std::string> Slots(const std::string& service) {
    std::multiset<std::string> out;
    for (const Object& c : Containers(service)) out.insert(std::string(c.label(v1::kLabelSlot)));
    return out;
  }
};

inline constexpr char kShop[] = R"(
services:
  web:
    image: web:1
    depends_on: [db]
    deploy: {replicas: 3}
  db:
    image: db:1
    volumes: ["data:/data"]
volumes: {data: {}}
)";

}  // namespace gantry
