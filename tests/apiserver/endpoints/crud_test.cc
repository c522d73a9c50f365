#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/envtest/envtest.h"

namespace gantry::testing {
namespace {

using client::Resource;
using client::WatchEvent;

const Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
const Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
const Resource kCrds{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                     "CustomResourceDefinition", false};
const Resource kWidgets{"example.com", "v1", "widgets", "Widget", true};

Object ConfigMap(const std::string& name, const std::string& value) {
  Object o(kConfigMaps.gvk(), {"default", name});
  o.json()["data"]["key"] = value;
  return o;
}

Object WidgetCrd() {
  return Object(Json::parse(R"({
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
      "group": "example.com", "scope": "Namespaced",
      "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]},
      "versions": [{
        "name": "v1", "served": true, "storage": true,
        "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas",
                                                 "statusReplicasPath": ".status.replicas"}},
        "selectableFields": [{"jsonPath": ".spec.color"}],
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {
          "spec": {"type": "object", "properties": {
            "color": {"type": "string", "default": "red"},
            "replicas": {"type": "integer", "minimum": 0, "maximum": 10}}},
          "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}}}}}
      }]}})"));
}

// Of two who create the same name at once, one hears that it is taken; whoever hears that finds it.
TEST(Crud, ARefusalIsKnownToLaterReads) {
  EnvTest env;
  std::atomic<int> met{0};
  std::atomic<int> refused{0};
  const auto create = [&](const std::string& manager) {
    client::Client c = env.Client(manager);
    for (int i = 0; i < 300; ++i) {
      for (++met; met < 2 * (i + 1);) std::this_thread::yield();
      const std::string name = "n" + std::to_string(i);
      const auto made = c.Create({}, kConfigMaps, ConfigMap(name, manager));
      if (made.ok()) continue;
      ++refused;
      EXPECT_EQ(made.code(), Code::kAlreadyExists) << made.error().message;
      EXPECT_TRUE(c.Get({}, kConfigMaps, {"default", name}).ok()) << name;
    }
  };
  {
    std::jthread other([&] { create("other"); });
    create("one");
  }
  EXPECT_EQ(refused, 300);
}

TEST(Crud, CreateGetUpdateDelete) {
  EnvTest env;
  client::Client c = env.Client("test");
  const auto made = c.Create({}, kConfigMaps, ConfigMap("a", "1"));
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_FALSE(made->uid().empty());
  EXPECT_FALSE(made->resource_version().empty());
  EXPECT_EQ(made->generation(), 0);

  auto got = c.Get({}, kConfigMaps, {"default", "a"});
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->json(), made->json());

  Object changed = *got;
  changed.json()["data"]["key"] = "2";
  const auto updated = c.Update({}, kConfigMaps, changed);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_GT(std::stoll(std::string(updated->resource_version())),
            std::stoll(std::string(made->resource_version())));

  const auto stale = c.Update({}, kConfigMaps, changed);
  ASSERT_FALSE(stale.ok());
  EXPECT_EQ(stale.code(), Code::kConflict);

  const auto deleted = c.Delete({}, kConfigMaps, {"default", "a"});
  ASSERT_TRUE(deleted.ok()) << deleted.error().message;
  EXPECT_EQ(GetString(GetObject(deleted->json(), "details"), "uid"), made->uid());
  EXPECT_EQ(c.Get({}, kConfigMaps, {"default", "a"}).code(), Code::kNotFound);
}

TEST(Crud, WatchSeesEveryChangeInOrder) {
  EnvTest env;
  client::Client c = env.Client("test");
  ASSERT_TRUE(c.Create({}, kConfigMaps, ConfigMap("a", "1")).ok());
  const auto list = c.ListAll({}, kConfigMaps, "default", {});
  ASSERT_TRUE(list.ok()) << list.error().message;
  ASSERT_EQ(list->items.size(), 1u);

  client::ListOptions options;
  options.resource_version = list->resource_version;
  auto watch = c.Watch({}, kConfigMaps, "default", options);
  ASSERT_TRUE(watch.ok()) << watch.error().message;
  ASSERT_TRUE(c.Create({}, kConfigMaps, ConfigMap("b", "1")).ok());
  ASSERT_TRUE(c.Update({}, kConfigMaps, ConfigMap("b", "2")).ok());
  ASSERT_TRUE(c.Delete({}, kConfigMaps, {"default", "b"}).ok());
  std::vector<WatchEvent::Type> types;
  int64_t revision = 0;
  for (int i = 0; i < 3; ++i) {
    const auto event = (*watch)->Next();
    ASSERT_TRUE(event.ok()) << event.error().message;
    types.push_back(event->type);
    const int64_t next = std::stoll(std::string(event->object.resource_version()));
    EXPECT_GT(next, revision);
    revision = next;
  }
  EXPECT_EQ(types, (std::vector{WatchEvent::Type::kAdded, WatchEvent::Type::kModified,
                                WatchEvent::Type::kDeleted}));
}

TEST(Crud, ApplyTakesFieldsOfOthersOnlyByForce) {
  EnvTest env;
  client::Client one = env.Client("one"), two = env.Client("two");
  const auto apply = [](client::Client& c, const char* value, const client::WriteOptions& options) {
    return c.Patch({}, kConfigMaps, {"default", "a"}, client::PatchType::kApply,
                   ConfigMap("a", value).json(), "", options);
  };
  ASSERT_TRUE(apply(one, "1", {}).ok());
  EXPECT_EQ(apply(two, "2", {}).code(), Code::kConflict);
  client::WriteOptions force;
  force.force = true;
  const auto forced = apply(two, "2", force);
  ASSERT_TRUE(forced.ok()) << forced.error().message;
  EXPECT_EQ(GetString(GetObject(forced->json(), "data"), "key"), "2");
}

TEST(Crud, UserDefinedKindIsUsableWhenItsCreateReturns) {
  EnvTest env;
  client::Client c = env.Client("test");
  const auto crd = c.Create({}, kCrds, WidgetCrd());
  ASSERT_TRUE(crd.ok()) << crd.error().message;

  Object widget(kWidgets.gvk(), {"default", "w"});
  widget.mutable_spec()["replicas"] = 3;
  const auto made = c.Create({}, kWidgets, widget);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(GetString(made->spec(), "color"), "red");
  EXPECT_EQ(made->generation(), 1);

  Object status = *made;
  status.mutable_status()["replicas"] = 2;
  const auto with_status = c.UpdateStatus({}, kWidgets, status);
  ASSERT_TRUE(with_status.ok()) << with_status.error().message;
  EXPECT_EQ(with_status->generation(), 1);

  const auto scaled = c.Patch({}, kWidgets, {"default", "w"}, client::PatchType::kMerge,
                              Json::parse(R"({"spec":{"replicas":5}})"), "scale");
  ASSERT_TRUE(scaled.ok()) << scaled.error().message;
  EXPECT_EQ(scaled->kind(), "Scale");
  const auto got = c.Get({}, kWidgets, {"default", "w"});
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(GetInt(got->spec(), "replicas"), 5);
  EXPECT_EQ(GetInt(got->status(), "replicas"), 2);
  EXPECT_EQ(got->generation(), 2);

  const auto bad = c.Patch({}, kWidgets, {"default", "w"}, client::PatchType::kMerge,
                           Json::parse(R"({"spec":{"replicas":50}})"));
  EXPECT_EQ(bad.code(), Code::kInvalid);
}

}  // namespace
}  // namespace gantry::testing
