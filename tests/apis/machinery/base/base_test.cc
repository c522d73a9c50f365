#include <gtest/gtest.h>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/context.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/base/log.h"
#include "apis/machinery/base/metrics.h"
#include "apis/machinery/base/random.h"
#include "apis/machinery/base/task.h"
#include "apis/machinery/base/thread_pool.h"

namespace gantry {
namespace {

using namespace std::chrono_literals;

TEST(Clock, TimesRoundTripThroughRfc3339) {
  const auto t = ParseTime("2026-11-21T11:34:05.25+02:00");
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(FormatTime(*t), "2026-11-21T09:34:05Z");
  EXPECT_EQ(FormatMicroTime(*t), "2026-11-21T09:34:05.250000Z");
}

TEST(Clock, TimesAreOfDaysThatExist) {
  const std::pair<const char*, bool> cases[] = {
      {"2026-11-21T11:34:05Z", true},
      {"2026-11-21t11:34:05z", true},
      {"2026-11-21T11:34:05.123456789123Z", true},
      {"2026-11-21T11:34:05-23:59", true},
      {"2016-12-31T23:59:60Z", true},
      {"2024-02-29T00:00:00Z", true},
      {"2000-02-29T00:00:00Z", true},
      {"0001-01-01T00:00:00Z", true},
      {"9999-12-31T23:59:59Z", true},
      {"", false},
      {"x", false},
      {"2026-11-21", false},
      {"2026-11-21T11:34:05", false},
      {"2026-11-21T11:34:05.Z", false},
      {"2026-11-21T11\03234:05Z", false},
      {"2026\r11-21T11:34:05Z", false},
      {"2026-11-21T11:34:05+01\03200", false},
      {"2026-11-21T11:34:05Zx", false},
      {"2026-11-21T24:00:00Z", false},
      {"2026-11-21T11:60:00Z", false},
      {"2026-11-21T11:34:61Z", false},
      {"2026-11-21T11:34:05+24:00", false},
      {"2026-11-21T11:34:05+01:60", false},
      {"2026-11-21T11:34:05+0100", false},
      {"2026-00-21T00:00:00Z", false},
      {"2026-13-21T00:00:00Z", false},
      {"2026-11-00T00:00:00Z", false},
      {"2026-11-31T00:00:00Z", false},
      {"2026-02-31T00:00:00Z", false},
      {"2023-02-29T00:00:00Z", false},
      {"1900-02-29T00:00:00Z", false},
      {"12026-01-01T00:00:00Z", false},
      {"-001-01-01T00:00:00Z", false},
  };
  for (const auto& [text, valid] : cases) {
    EXPECT_EQ(IsTime(text), valid) << text;
    if (!valid) {
      EXPECT_FALSE(ParseTime(text).ok()) << text;
    }
  }
}

TEST(Clock, TimesThatDoNotFitAreRefused) {
  for (const char* fits : {"1677-09-21T00:12:44Z", "1678-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
                           "2262-04-11T23:47:15Z"}) {
    const auto t = ParseTime(fits);
    ASSERT_TRUE(t.ok()) << fits;
    EXPECT_EQ(FormatTime(*t), fits);
  }
  EXPECT_EQ(FormatMicroTime(*ParseTime("1969-12-31T23:59:59.75Z")), "1969-12-31T23:59:59.750000Z");
  for (const char* far : {"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1677-09-21T00:12:43Z",
                          "1677-09-21T00:12:44+00:01", "2262-04-11T23:47:16Z",
                          "2262-04-11T23:47:15-00:01", "9999-12-31T23:59:59.999999999Z"}) {
    EXPECT_TRUE(IsTime(far)) << far;
    const auto t = ParseTime(far);
    ASSERT_FALSE(t.ok()) << far;
    EXPECT_EQ(t.error().message,
              "the time '" + std::string(far) + "' is not between the years 1678 and 2261");
  }
}

TEST(Clock, TimesFarApart) {
  const WallTime first = *ParseTime("1678-01-01T00:00:00Z");
  const WallTime last = *ParseTime("2261-12-31T00:00:00Z");
  EXPECT_EQ(Between(first, first + 3s), 3s);
  EXPECT_EQ(Between(first + 3s, first), -3s);
  EXPECT_EQ(Between(first, last), Duration::max());
  EXPECT_EQ(Between(last, first), Duration::min());
}

TEST(Clock, DurationsAreGoNotation) {
  EXPECT_EQ(*ParseDuration("1h30m"), 90min);
  EXPECT_EQ(*ParseDuration("250ms"), 250ms);
  EXPECT_EQ(*ParseDuration("1.5s"), 1500ms);
  for (const char* bad : {"", "5", "x", "1d", "s", ".s", "1.2.3s", "9999999999h", "1h-1m"})
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
}

TEST(Clock, AgesReadLikeKubectl) {
  EXPECT_EQ(HumanAge(10s), "10s");
  EXPECT_EQ(HumanAge(185s), "3m5s");
  EXPECT_EQ(HumanAge(50h), "2d2h");
}

TEST(Json, RefusesDepthAndTrailingText) {
  EXPECT_FALSE(ParseJson(std::string(10000, '[')).ok());
  EXPECT_FALSE(ParseJson("{} x").ok());
  const auto r = ParseJson(std::string(600, '[') + std::string(600, ']'));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message, "nested deeper than 512 levels");
}

TEST(Json, ReportsRepeatedKeysWithTheirPath) {
  std::vector<std::string> twice;
  const auto r = ParseJson(R"({"a":{"b":1,"b":2},"c":[{"d":1,"d":2}]})", &twice);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ((*r)["a"]["b"], 2);
  EXPECT_EQ(twice, (std::vector<std::string>{"a.b", "c[0].d"}));
}

TEST(Context, CancelReachesChildrenAndCallbacks) {
  const Context parent = Context().WithCancel();
  const Context child = parent.WithTimeout(1h);
  int calls = 0;
  const auto guard = child.OnCancel([&] { ++calls; });
  EXPECT_TRUE(child.Check().ok());
  parent.Cancel();
  EXPECT_EQ(child.Check().code(), Code::kCancelled);
  EXPECT_EQ(calls, 1);
}

TEST(Context, ADroppedGuardIsNotCalled) {
  const Context ctx = Context().WithCancel();
  int calls = 0;
  {
    const auto guard = ctx.OnCancel([&] { ++calls; });
  }
  ctx.Cancel();
  EXPECT_EQ(calls, 0);
}

TEST(Context, DeadlinePasses) {
  EXPECT_EQ(Context().WithTimeout(-1s).Check().code(), Code::kTimeout);
}

Task<int> Twice(int v) { co_return 2 * v; }
Task<int> FromPool(ThreadPool* pool) {
  const int v = co_await Callback<int>(
      [pool](std::function<void(int)> done) { pool->Post([done] { done(20); }); });
  co_return co_await Twice(v) + 2;
}

TEST(Task, AwaitsOtherThreads) {
  ThreadPool pool(1);
  EXPECT_EQ(RunBlocking(FromPool(&pool)), 42);
}

TEST(Random, UuidsAreVersion4) {
  const std::string id = NewUuid(Random::Real());
  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(id, NewUuid(Random::Real()));
}

Result<int> Half(int v) {
  if (v % 2) return Error(Code::kInvalid, "odd");
  return v / 2;
}
Result<int> Quarter(int v) {
  GANTRY_TRY_SET(const int half, Half(v));
  GANTRY_TRY_SET(const int quarter, Half(half).Wrap("second step"));
  return quarter;
}

TEST(Result, ErrorsPropagateWithContext) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).error().message, "second step: odd");
}

// A body that is cut short may end within a secret.
TEST(JsonTest, ErrorsDoNotRepeatTheText) {
  for (const char* text :
       {"{\"a\":\"canary", "{\"a\": canary}", "{\"a\":1} canary", "[1 \"canary\"]",
        "{\"a\":\"canary\\x\"}", "{\"a\":\"'; expected canary"}) {
    const auto parsed = ParseJson(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message.find("canary"), std::string::npos) << parsed.error().message;
  }
}

}  // namespace
}  // namespace gantry
