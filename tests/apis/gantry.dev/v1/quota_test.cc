#include "apis/gantry.dev/v1/quota.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "apis/gantry.dev/v1/quantity.h"
#include "apis/gantry.dev/v1/resources.h"

namespace gantry::v1 {
namespace {

TEST(Quantity, Texts) {
  const std::pair<const char*, int64_t> cases[] = {{"0", 0},
                                                   {"2", 2000},
                                                   {"500m", 500},
                                                   {"1.5", 1500},
                                                   {".5", 500},
                                                   {"1e3", 1000000},
                                                   {"1E-1", 100},
                                                   {"1Ki", 1024000},
                                                   {"1.5Gi", 1610612736000},
                                                   {"1k", 1000000},
                                                   {"2M", 2000000000},
                                                   {"1n", 1},
                                                   {"0.1", 100},
                                                   {"4Pi", 4503599627370496000},
                                                   {"-1", -1000},
                                                   {"+3", 3000},
                                                   {"0.3", 300},
                                                   {"100u", 1}};
  for (const auto& [text, want] : cases) EXPECT_EQ(ParseQuantity(text), want) << text;
  for (const char* bad :
       {"", "m", "1x", "1 Gi", "1.2.3", "--1", "1e", "1e12345", "9Ei", "NaN", "1ki"})
    EXPECT_FALSE(ParseQuantity(bad)) << bad;
  EXPECT_EQ(QuantityOf(Json(2)), 2000);
  EXPECT_EQ(QuantityOf(Json(0.5)), 500);
  EXPECT_FALSE(QuantityOf(Json(true)));
  EXPECT_EQ(FormatQuantity(1500), "1500m");
  EXPECT_EQ(FormatQuantity(2000), "2");
  EXPECT_EQ(FormatBytes(1024 * 1024 * 1000LL), "1Mi");
  EXPECT_EQ(FormatBytes(1000 * 1000LL), "1000");
  EXPECT_EQ(FormatBytes(0), "0");
}

Object Container(const char* tmpl) {
  auto json = ParseJson(std::string(R"({"spec": {"template": )") + tmpl + "}}");
  EXPECT_TRUE(json.ok()) << tmpl;
  return Object(*json);
}

TEST(Quota, WhatAContainerUses) {
  const std::pair<const char*, QuotaUsage> cases[] = {
      {R"({"image": "a"})", {{"count/containers.gantry.dev", 1000}}},
      {R"({"image": "a", "resources": {"limits": {"cpus": 0.5, "memoryBytes": 1024},
           "reservations": {"memoryBytes": 512}},
           "ports": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81, "hostPort": 0},
                     {"containerPort": 82}]})",
       {{"count/containers.gantry.dev", 1000},
        {"gantry.dev/hostports", 2000},
        {"limits.cpu", 500},
        {"limits.memory", 1024000},
        {"requests.cpu", 500},
        {"requests.memory", 512000}}},
      {R"({"image": "a", "tuning": {"cpuQuotaMicros": 50000}})",
       {{"count/containers.gantry.dev", 1000}, {"limits.cpu", 500}, {"requests.cpu", 500}}},
  };
  // 2^64 / 1000 bytes and more are not next to nothing.
  for (const char* bytes : {"18446744073709552", "9223372036854775807", "10000000000000000"}) {
    const std::string tmpl = fmt::format(
        R"({{"image": "a", "resources": {{"limits": {{"cpus": 1e300, "memoryBytes": {}}}}}}})",
        bytes);
    const QuotaUsage usage = UsageOf(kContainers, Container(tmpl.c_str()));
    EXPECT_EQ(usage.at("limits.memory"), std::numeric_limits<int64_t>::max()) << bytes;
    EXPECT_EQ(usage.at("limits.cpu"), std::numeric_limits<int64_t>::max());
    QuotaUsage twice = usage;
    AddUsage(usage, &twice);
    EXPECT_EQ(twice.at("limits.memory"), std::numeric_limits<int64_t>::max());
    auto quota =
        ParseJson(R"({"metadata": {"name": "team"}, "spec": {"hard": {"limits.memory": "1Gi"}}})");
    EXPECT_NE(QuotaFault(Object(*quota), kContainers, nullptr, usage, twice, "web"), "");
  }
  for (const auto& [tmpl, want] : cases)
    EXPECT_EQ(UsageOf(kContainers, Container(tmpl)), want) << tmpl;
}

TEST(Quota, Words) {
  auto json = ParseJson(R"({"metadata": {"name": "team"}, "spec": {"hard": {
      "limits.cpu": "1", "count/containers.gantry.dev": 2, "count/services.gantry.dev": "1",
      "requests.memory": "1Gi"}}})");
  ASSERT_TRUE(json.ok());
  const Object quota(*json);
  const QuotaUsage one = {{"count/containers.gantry.dev", 1000},
                          {"limits.cpu", 600},
                          {"requests.memory", 1024 * 1024 * 1000LL}};
  const auto fault = [&](const QuotaUsage* before, const QuotaUsage& after,
                         const QuotaUsage& used) {
    return QuotaFault(quota, kContainers, before, after, used, "web-1");
  };
  EXPECT_EQ(fault(nullptr, one, {}), "");
  EXPECT_EQ(fault(nullptr, one, one),
            "exceeded quota: team, requested: limits.cpu=600m, used: limits.cpu=600m, limited: "
            "limits.cpu=1");
  QuotaUsage two = one;
  AddUsage(one, &two);
  EXPECT_EQ(fault(nullptr, one, two),
            "exceeded quota: team, requested: count/containers.gantry.dev=1,limits.cpu=600m, used: "
            "count/containers.gantry.dev=2,limits.cpu=1200m, limited: "
            "count/containers.gantry.dev=2,limits.cpu=1");
  EXPECT_EQ(fault(nullptr, {{"count/containers.gantry.dev", 1000}}, {}),
            "failed quota: team: must specify limits.cpu for: web-1; requests.memory for: web-1");
  // A change that takes no more is fine however full it is.
  EXPECT_EQ(fault(&one, one, two), "");
  QuotaUsage more = one;
  more["requests.memory"] *= 1025;
  EXPECT_EQ(fault(&one, more, one),
            "exceeded quota: team, requested: requests.memory=1Gi, used: requests.memory=1Mi, "
            "limited: requests.memory=1Gi");
}

}  // namespace
}  // namespace gantry::v1
