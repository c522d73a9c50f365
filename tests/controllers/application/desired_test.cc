#include "controllers/application/desired.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/encoding.h"
#include "controllers/application/summary.h"

namespace gantry::application {
namespace {

Object App(bool stopped = false) {
  Object app(v1::kApplications.gvk(), {"default", "shop"});
  app.Meta()["uid"] = "app-uid";
  app.mutable_spec() = {{"compose", "x"}, {"stopped", stopped}};
  return app;
}

compose::Service Web(int replicas, bool declared = true) {
  compose::Service s;
  s.compose_name = "web";
  s.name = "shop-web";
  s.spec.replicas = replicas;
  s.spec.tmpl.image = "web:1";
  s.replicas_declared = declared;
  return s;
}

int ReplicasOf(const Object& service) { return v1::ServiceSpec::From(service).replicas; }

TEST(DesiredServiceTest, BelongsToItsApplication) {
  const Object s = DesiredService(App(), Web(2), nullptr);
  EXPECT_EQ(s.name(), "shop-web");
  EXPECT_EQ(s.label(v1::kLabelApplication), "shop");
  EXPECT_EQ(s.label(v1::kLabelComposeService), "web");
  ASSERT_TRUE(s.controller_owner());
  EXPECT_EQ(s.controller_owner()->uid, "app-uid");
  EXPECT_EQ(ReplicasOf(s), 2);
}

TEST(DesiredServiceTest, WhatTheServerFilledInIsNoDifference) {
  Object have = DesiredService(App(), Web(2), nullptr);
  have.json()["spec"]["template"]["pullPolicy"] = "IfNotPresent";
  have.json()["spec"]["template"]["stopGracePeriodSeconds"] = 10;
  have.set_label("team", "blue");
  EXPECT_EQ(DesiredService(App(), Web(2), &have).json(), have.json());
  compose::Service changed = Web(2);
  changed.spec.tmpl.image = "web:2";
  const Object next = DesiredService(App(), changed, &have);
  EXPECT_EQ(v1::ServiceSpec::From(next).tmpl.image, "web:2");
  EXPECT_EQ(next.label("team"), "blue");
}

TEST(DesiredServiceTest, ReplicasBelongToWhoeverScaledUntilTheTemplateSaysOtherwise) {
  Object have = DesiredService(App(), Web(2), nullptr);
  have.json()["spec"]["replicas"] = 7;  // kubectl scale
  EXPECT_EQ(ReplicasOf(DesiredService(App(), Web(2), &have)), 7);
  EXPECT_EQ(ReplicasOf(DesiredService(App(), Web(3), &have)), 3);
  const Object undeclared = DesiredService(App(), Web(1, false), &have);
  EXPECT_EQ(ReplicasOf(undeclared), 7);
  EXPECT_EQ(undeclared.annotation(v1::kAnnotationDeclaredReplicas), "");
  EXPECT_EQ(ReplicasOf(DesiredService(App(), Web(2), &undeclared)), 2);
}

TEST(DesiredServiceTest, StartsOnlyWhatItStopped) {
  const auto stopped = [](const Object& o) { return v1::ServiceSpec::From(o).stopped; };
  const Object running = DesiredService(App(), Web(1), nullptr);
  const Object by_app = DesiredService(App(true), Web(1), &running);
  EXPECT_TRUE(stopped(by_app));
  EXPECT_FALSE(stopped(DesiredService(App(false), Web(1), &by_app)));

  Object by_user = running;
  by_user.json()["spec"]["stopped"] = true;
  const Object both = DesiredService(App(true), Web(1), &by_user);
  EXPECT_TRUE(stopped(DesiredService(App(false), Web(1), &both)));
}

TEST(ParametersTest, LaterSourcesWinAndPlainOnesOverAll) {
  Object secret(v1::kSecrets.gvk(), {"default", "s"});
  secret.json()["data"] = {{"A", Base64Encode("secret")}, {"B", Base64Encode("secret")}};
  Object config(v1::kConfigMaps.gvk(), {"default", "c"});
  config.json()["data"] = {{"A", "config"}};
  Parameters p;
  p.AddConfigMap(config);
  p.AddSecret(secret);
  EXPECT_EQ(p.secret.at("A"), "secret");
  EXPECT_EQ(p.plain.count("A"), 0u);
  p.AddPlain({{"B", "given"}});
  EXPECT_EQ(p.plain.at("B"), "given");
  EXPECT_EQ(p.secret.count("B"), 0u);
}

TEST(DesiredSecretTest, EqualValuesAreNoDifference) {
  const Object have = DesiredSecret(App(), {{"K", "v"}}, nullptr);
  EXPECT_EQ(GetString(have.json()["data"], "K"), Base64Encode("v"));
  EXPECT_EQ(DesiredSecret(App(), {{"K", "v"}}, &have).json(), have.json());
  EXPECT_NE(DesiredSecret(App(), {{"K", "w"}}, &have).json(), have.json());
}

ObjectPtr Service(const std::string& name, int wanted, int ready, bool is_ready,
                  bool rolling = false) {
  Object s(v1::kServices.gvk(), {"default", name});
  s.set_generation(1);
  s.mutable_spec() = {{"replicas", wanted}};
  s.mutable_status() = {
      {"observedGeneration", 1},
      {"wantedReplicas", wanted},
      {"readyReplicas", ready},
      {"replicas", ready},
      {"conditions",
       Json::array(
           {{{"type", "Ready"}, {"status", is_ready ? "True" : "False"}, {"message", "why"}},
            {{"type", "Progressing"},
             {"status", "True"},
             {"reason", rolling ? "RolloutInProgress" : "Starting"}}})}};
  return std::make_shared<const Object>(std::move(s));
}

TEST(SummaryTest, AddsUp) {
  const Summary s =
      Summarize({"a", "b", "c"}, {Service("a", 2, 2, true), Service("b", 3, 1, false)});
  EXPECT_EQ(s.services, 3);
  EXPECT_EQ(s.services_ready, 1);
  EXPECT_EQ(s.containers, 5);
  EXPECT_EQ(s.containers_ready, 3);
  EXPECT_EQ(s.complaint, "b: why");
}

TEST(SummaryTest, Phases) {
  const Summary ready = Summarize({"a"}, {Service("a", 1, 1, true)});
  const Summary starting = Summarize({"a"}, {Service("a", 1, 0, false)});
  const Summary rolling = Summarize({"a"}, {Service("a", 1, 0, false, true)});
  const Summary none = Summarize({"a"}, {Service("a", 0, 0, true)});
  EXPECT_EQ(NextPhase("", starting, false, true), "Pending");
  EXPECT_EQ(NextPhase("Pending", ready, false, false), "Running");
  EXPECT_EQ(NextPhase("Running", ready, false, true), "Releasing");
  EXPECT_EQ(NextPhase("Running", rolling, false, false), "Releasing");
  EXPECT_EQ(NextPhase("Running", starting, false, false), "Degraded");
  EXPECT_EQ(NextPhase("Running", none, true, false), "Stopped");
  EXPECT_EQ(NextPhase("Running", ready, true, false), "Releasing");
}

}  // namespace
}  // namespace gantry::application
