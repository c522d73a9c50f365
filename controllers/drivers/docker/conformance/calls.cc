#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "controllers/drivers/docker/conformance/conformance.h"

// What holds for every call: versions, deadlines, cancellation, threads.
namespace gantry::docker {
namespace {

void VersionIsNegotiated(ConformanceTest& t) {
  EXPECT_EQ(t->api_version(), "");
  ASSERT_TRUE(t->Ping(t.ctx).ok());
  EXPECT_EQ(t->api_version().rfind("1.", 0), 0u) << t->api_version();
  auto version = t->Version(t.ctx);
  ASSERT_TRUE(version.ok()) << version.error().message;
  EXPECT_NE(version->version, "");
  auto info = t->Info(t.ctx);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->version, version->version);
  EXPECT_EQ(info->os_type, "linux");
  EXPECT_GT(info->cpus, 0);
  EXPECT_GT(info->memory_bytes, 0);
}

void DeadlineEndsACall(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("sleep 60"));
  auto waited = t->WaitContainer(t.ctx.WithTimeout(std::chrono::milliseconds(200)), id);
  ASSERT_FALSE(waited.ok());
  EXPECT_EQ(waited.code(), Code::kTimeout) << waited.error().message;
}

void CancelEndsACall(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("sleep 60"));
  const Context ctx = t.ctx.WithCancel();
  std::thread canceller([&] {
    t.ctx.SleepFor(std::chrono::milliseconds(100)).IgnoreError();
    ctx.Cancel();
  });
  auto waited = t->WaitContainer(ctx, id);
  canceller.join();
  ASSERT_FALSE(waited.ok());
  EXPECT_EQ(waited.code(), Code::kCancelled);
  EXPECT_EQ(t->Info(ctx).code(), Code::kCancelled);
}

void ThreadsShareAnEngine(ConformanceTest& t) {
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10; ++k) {
        if (!t->ListContainers(t.ctx, {t.labels}).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace

ConformanceCases CallCases() {
  return {{"VersionIsNegotiated", VersionIsNegotiated},
          {"DeadlineEndsACall", DeadlineEndsACall},
          {"CancelEndsACall", CancelEndsACall},
          {"ThreadsShareAnEngine", ThreadsShareAnEngine}};
}

}  // namespace gantry::docker
