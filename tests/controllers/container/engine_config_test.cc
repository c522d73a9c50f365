#include "controllers/container/engine_config.h"

#include <gtest/gtest.h>

#include "controllers/container/labels.h"

namespace gantry::container {
namespace {

Object Sample() {
  return Object(Json::parse(R"({
    "metadata": {"name": "shop-web-1-x7k2p", "namespace": "default", "uid": "0123456789abcdef",
      "labels": {"gantry.dev/application": "shop", "gantry.dev/service": "shop-web",
                 "gantry.dev/compose-service": "web", "gantry.dev/slot": "1"}},
    "spec": {"template": {"image": "web:1", "labels": {"team": "blue", "gantry.dev/uid": "forged"},
      "mounts": [{"type": "volume", "source": "shop-data", "target": "/data"},
                 {"type": "volume", "source": "shop-data", "target": "/again"},
                 {"type": "bind", "source": "/srv", "target": "/srv", "readOnly": true}],
      "ports": [{"containerPort": 80, "hostPort": 0}]}}})"));
}

TEST(EngineConfig, NamesAreQualified) {
  const Object o = Sample();
  const auto tmpl = v1::ContainerTemplate::From(o.spec()["template"]);
  const docker::ContainerConfig c = MakeEngineConfig("inst", o, tmpl, {"A=1"});
  EXPECT_EQ(c.name, "default_shop_web_1_01234567");
  ASSERT_TRUE(c.network.has_value());
  EXPECT_EQ(c.network->network, "gantry_default_shop");
  EXPECT_EQ(c.network->aliases, (std::vector<std::string>{"web", "shop_web_1"}));
  EXPECT_EQ(c.mounts[0].source, "default_shop-data");
  EXPECT_EQ(c.mounts[2].source, "/srv");
  EXPECT_EQ(c.env, std::vector<std::string>{"A=1"});
  EXPECT_EQ(NamedVolumes(tmpl), std::vector<std::string>{"shop-data"});
}

TEST(EngineConfig, UsersCannotForgeOwnership) {
  const docker::StringMap labels = EngineLabels("inst", Sample());
  EXPECT_EQ(labels.at(kEngineUid), "0123456789abcdef");
  EXPECT_EQ(labels.at(kEngineInstallation), "inst");
  EXPECT_EQ(labels.at("team"), "blue");
  EXPECT_EQ(KeyFromLabels(labels).ToString(), "default/shop-web-1-x7k2p");
}

TEST(EngineConfig, TheHashFollowsTheTemplateOnly) {
  Object a = Sample();
  const std::string hash = SpecHash(a);
  a.set_label("x", "y");
  EXPECT_EQ(SpecHash(a), hash);
  a.mutable_spec()["template"]["image"] = "web:2";
  EXPECT_NE(SpecHash(a), hash);
}

}  // namespace
}  // namespace gantry::container
